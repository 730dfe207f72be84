//! What every writer of the ledger needs: its numbers, and events for people and reports.
//!
//! Called by the floor here, and by the engine's records of plans and steps; always within a guarded
//! transaction, so that an event stands exactly where what it tells of has happened.

pub use crate::number::bigint;

use crate::error::Error;
use crate::term::GuardedTransaction;
use changeover_plan::StepId;

/// Keeps what happened, for people and reports.
pub async fn event(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    kind: &str,
    step: Option<&StepId>,
    detail: &str,
) -> Result<(), Error> {
    transaction
        .client()
        .execute(
            "INSERT INTO changeover.event (app, epoch, kind, step, detail) \
             VALUES ($1, $2, $3, $4, $5)",
            &[&app, &transaction.epoch(), &kind, &step.map(StepId::as_str), &detail],
        )
        .await
        .map_err(|source| Error::sql("recording an event", source))?;
    Ok(())
}
