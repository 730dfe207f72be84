//! Removes the trigger that keeps a derived column right. Trigger and column are dropped in one transaction, so
//! no write ever fails between.

use super::{StepRun, ddl, parked};
use crate::error::Error;
use changeover_plan::Identifier;
use changeover_plan::model::step::SyncDrop;

/// Removes triggers and functions, and the column where it goes too. Rows that are still parked hold
/// the contract, by whichever of the triggers: their value was never computed.
pub(super) async fn run(run: &mut StepRun<'_>, drop: &SyncDrop) -> Result<(), Error> {
    let triggers: Vec<&Identifier> =
        std::iter::once(&drop.trigger).chain(&drop.other_triggers).collect();
    let relying = parked::relying(run, &triggers).await?;
    parked::release(run, &relying).await?;
    let app = run.options.app.clone();
    ddl::run_if(run, &drop.all_statements(), async |transaction| {
        parked::still_released(transaction, &app, &relying).await
    })
    .await
}
