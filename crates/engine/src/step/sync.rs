//! The trigger that keeps a derived column right, and its table, as a backfill needs them.

use super::StepRun;
use crate::error::Error;
use crate::text::text;
use changeover_plan::Identifier;
use changeover_plan::model::step::Backfill;

const TABLE_STATE: &str = include_str!("sql/table_state.sql");

/// Fails unless the table is as a backfill needs it: the trigger that keeps its columns right stands on
/// the table and all its parts, always enabled (without it a derived column would go stale behind our
/// back), and nobody has done something else to the table with which it cannot go on.
pub(super) async fn require(run: &StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    let table = backfill.table.to_string();
    let trigger = backfill.sync_trigger.as_ref().map(Identifier::as_str);
    let rows = run
        .watch
        .client
        .query(TABLE_STATE, &[&table, &trigger])
        .await
        .map_err(|source| Error::sql("looking at the table", source))?;
    match rows.first() {
        None => Ok(()),
        Some(row) => Err(Error::NotVerified {
            what: format!("table {}", text(row, 0)),
            detail: text(row, 1),
        }),
    }
}
