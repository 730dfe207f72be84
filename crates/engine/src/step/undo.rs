//! Undoes one step and puts it back to `pending`, in one transaction where PostgreSQL allows that.
//!
//! Called by a rollback for each step, and by a validation that fails for the step that has added the
//! constraint. The way back stands in the step. SQL: `sql/forget.sql`.

use super::{StepRun, long_statement};
use crate::connection::Connection;
use crate::control::Control;
use crate::error::Error;
use crate::ledger::record;
use crate::lock;
use crate::options::Options;
use crate::pace::Pacer;
use crate::term::GuardedConnection;
use changeover_plan::{Catalog, Change, Lock, LockHeld, LockMode, Step};
use tokio_util::sync::CancellationToken;

const FORGET: &str = include_str!("sql/forget.sql");

/// Undoes a step. Running it twice is the same as once.
pub(crate) async fn undo(
    worker: &mut GuardedConnection,
    watch: &Connection,
    options: &Options,
    step: &Step,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let outside = |change: &&Change| change.facts(&Catalog::default()).outside_transaction;
    let (long, short): (Vec<&Change>, Vec<&Change>) = step.undo.iter().partition(outside);
    for change in long {
        // The operator who undoes has decided; no other wishes count.
        let control = Control::default();
        let pace = Pacer::new(options, control.clone());
        let beside = Vec::new();
        let run =
            StepRun { worker, beside, watch, options, control: &control, pace: &pace, step, stop };
        for statement in change.render() {
            long_statement::run(&run, &statement, &step.title).await?;
        }
    }
    let transaction = worker.begin().await?;
    if !short.is_empty() {
        lock::acquire(&transaction, &locks(step), &options.locks).await?;
    }
    for statement in short.iter().flat_map(|change| change.render()) {
        transaction
            .client()
            .batch_execute(&statement)
            .await
            .map_err(|source| Error::sql(format!("undoing step {}", step.id), source))?;
    }
    transaction
        .client()
        .execute(FORGET, &[&options.app, &step.id.as_str()])
        .await
        .map_err(|source| Error::sql(format!("putting step {} back", step.id), source))?;
    let detail = format!("undone: {}", step.title);
    record::event(&transaction, &options.app, "step_undone", Some(&step.id), &detail).await?;
    transaction.commit().await
}

/// The locks of the way back. A step of a ledger of format 1 says only what the way there took;
/// nothing takes more than the strongest.
fn locks(step: &Step) -> Vec<Lock> {
    if !step.undo_locks.is_empty() {
        return step.undo_locks.clone();
    }
    let strongest = |lock: &Lock| Lock {
        relation: lock.relation.clone(),
        mode: LockMode::AccessExclusive,
        held: LockHeld::Blink,
    };
    step.locks.iter().map(strongest).collect()
}
