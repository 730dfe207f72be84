//! Installs and removes the trigger that keeps a derived column right, whoever writes the row.
//!
//! `CREATE TRIGGER` waits out earlier writers of the table, so once this is committed every later
//! write is computed; that is why it must come before the backfill (an invariant of the plan's
//! checker). Trigger and column are dropped in one transaction, so no write ever fails between.

use super::{StepRun, ddl, parked};
use crate::error::Error;
use changeover_plan::model::step::{Backfill, SyncDrop, SyncInstall};

const ENABLED: &str = include_str!("sql/trigger_enabled.sql");

/// Installs functions and trigger under short locks.
pub(super) async fn install(run: &mut StepRun<'_>, install: &SyncInstall) -> Result<(), Error> {
    ddl::run(run, &install.statements).await
}

/// Removes trigger and functions, and the column where it goes too. Rows that are still parked hold
/// the contract: their value was never computed.
pub(super) async fn drop(run: &mut StepRun<'_>, drop: &SyncDrop) -> Result<(), Error> {
    parked::release(run, drop.trigger.as_str()).await?;
    ddl::run(run, &drop.all_statements()).await
}

/// Fails unless the trigger that keeps a backfill's columns right stands on the table and all its
/// parts, always enabled: without it a derived column would go stale behind our back.
pub(super) async fn require(run: &StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    let Some(trigger) = &backfill.sync_trigger else {
        return Ok(());
    };
    let (table, trigger) = (backfill.table.to_string(), trigger.as_str());
    let row = run
        .watch
        .client
        .query_one(ENABLED, &[&table, &trigger])
        .await
        .map_err(|source| Error::sql("looking for the sync trigger", source))?;
    if row.get::<_, bool>(0) {
        return Ok(());
    }
    Err(Error::NotVerified {
        what: format!("trigger {trigger} on {table}"),
        detail: "it is missing, or somebody has disabled it on the table or a partition".to_owned(),
    })
}
