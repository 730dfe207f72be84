//! Validates a `NOT VALID` constraint: a scan under a lock that blocks neither reads nor writes.
//!
//! One transaction, guarded at its end, so the constraint counts as valid only under our term. The
//! statement waits for its lock without `lock_timeout`; `statement_timeout` bounds the whole.
//!
//! Where rows break it that came after the look, the constraint goes again: added and not valid, it
//! would reject every update of them. Its step is put back, so the next try begins by looking. One that
//! the author has added as `NOT VALID` stays. SQL: `sql/done_steps.sql`.

use super::{StepRun, ddl, long_statement, look, undo};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use crate::text::document;
use changeover_plan::model::step::ConstraintValidate;
use changeover_plan::{Change, Step, StepId, StepKind};

const DONE_STEPS: &str = include_str!("sql/done_steps.sql");

/// What rows that break a constraint raise: NOT NULL, FOREIGN KEY, CHECK.
const BROKEN_BY_ROWS: [&str; 3] = ["23502", "23503", "23514"];

/// Validates and records.
pub(super) async fn run(run: &mut StepRun<'_>, validate: &ConstraintValidate) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    run.begin().await?;
    let transaction = run.worker.begin().await?;
    let action = format!("validating {}", validate.constraint.as_str());
    let statement = Change::from(validate.clone()).render().join("; ");
    let execute = transaction.client().batch_execute(&statement);
    let bound = options.locks.long_statement;
    match long_statement::within(&transaction, bound, run.stop, action, execute).await {
        Err(error) if error.sqlstate().is_some_and(|state| BROKEN_BY_ROWS.contains(&state)) => {
            transaction.rollback().await?;
            return Err(take_back(run, validate, error).await?);
        }
        outcome => outcome?,
    }
    ddl::check_gate(&transaction, &options.app, step).await?;
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}

/// Undoes the step that has added the constraint, and names the rows that break it.
async fn take_back(
    run: &mut StepRun<'_>,
    validate: &ConstraintValidate,
    error: Error,
) -> Result<Error, Error> {
    let Some((adding, changes)) = adding(run, validate).await? else {
        return Ok(error);
    };
    undo::undo(run.worker, run.watch, run.options, &adding, run.stop).await?;
    match look::first(run, &changes).await {
        Err(error @ Error::RowsBreak { .. }) => Ok(error),
        Err(error) => Err(error),
        Ok(()) => Ok(Error::Overtaken {
            what: format!(
                "rows broke {} for a moment, and it was taken back",
                validate.constraint.as_str()
            ),
        }),
    }
}

/// The step that has added the constraint after a look, with what it changes.
async fn adding(
    run: &StepRun<'_>,
    validate: &ConstraintValidate,
) -> Result<Option<(Step, Vec<Change>)>, Error> {
    let needs: Vec<&str> = run.step.needs.iter().map(StepId::as_str).collect();
    let rows =
        run.watch.client.query(DONE_STEPS, &[&run.app(), &needs]).await.map_err(|source| {
            Error::sql("looking for the step that added the constraint", source)
        })?;
    for row in rows {
        let step: Step = document(&row, 0, "steps")?;
        let StepKind::Ddl(ddl) = &step.kind else { continue };
        let adds = |change: &Change| {
            matches!(change, Change::AddConstraint(add)
                if add.look.is_some()
                    && add.table == validate.table
                    && add.constraint.name == validate.constraint)
        };
        if ddl.changes.iter().any(adds) {
            let changes = ddl.changes.clone();
            return Ok(Some((step, changes)));
        }
    }
    Ok(None)
}
