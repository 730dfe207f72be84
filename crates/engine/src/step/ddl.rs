//! Catalog changes: all statements of the step in one short transaction under short locks.
//!
//! A contract step rechecks the floor under its own locks: between the driver's look and this
//! transaction an operator may have lowered nothing, but an instance may have come back.

use super::{StepRun, look};
use crate::error::Error;
use crate::ledger::record;
use crate::lock;
use crate::pause::PausePoint;
use crate::term::GuardedTransaction;
use crate::text::known_text;
use changeover_plan::sql::one_line;
use changeover_plan::{Change, Phase, Step};

const GATE: &str = include_str!("sql/gate.sql");

/// Looks at rows that the changes would reject, locks, runs, records, commits.
/// Model: `Execute`, `RecordedWithEffect`.
pub(super) async fn run(
    run: &mut StepRun<'_>,
    changes: &[Change],
    statements: &[String],
) -> Result<(), Error> {
    run.begin().await?;
    look::first(run, changes).await?;
    carry_out(run, statements, async |_| Ok(())).await
}

/// Without a look; if a condition holds once the locks are held.
pub(super) async fn run_if(
    run: &mut StepRun<'_>,
    statements: &[String],
    condition: impl AsyncFnOnce(&GuardedTransaction<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    run.begin().await?;
    carry_out(run, statements, condition).await
}

/// The same for a step that is marked as running.
async fn carry_out(
    run: &mut StepRun<'_>,
    statements: &[String],
    condition: impl AsyncFnOnce(&GuardedTransaction<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let transaction = run.worker.begin().await?;
    lock::acquire(&transaction, &step.locks, &options.locks).await?;
    transaction.pause(PausePoint::LocksHeld, Some(step)).await;
    check_gate(&transaction, &options.app, step).await?;
    condition(&transaction).await?;
    for statement in statements {
        transaction
            .client()
            .batch_execute(statement)
            .await
            .map_err(|source| Error::sql(format!("running {}", one_line(statement)), source))?;
    }
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}

/// Fails unless the floor allows a contract step and nobody below it lives. Within its transaction.
pub(super) async fn check_gate(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &Step,
) -> Result<(), Error> {
    let (Phase::Contract, Some(floor)) = (step.phase, step.floor) else {
        return Ok(());
    };
    let row = transaction
        .client()
        .query_one(GATE, &[&app, &record::bigint(floor)])
        .await
        .map_err(|source| Error::sql("checking the floor", source))?;
    let (reached, below): (bool, _) = (row.get(0), known_text(&row, 1));
    match below {
        Some(reason) => Err(Error::FloorBlocked { floor, reason }),
        None if !reached => {
            Err(Error::FloorBlocked { floor, reason: "the ledger's floor is lower".to_owned() })
        }
        None => Ok(()),
    }
}
