//! Looks for rows that would break a constraint, before it is added and before any lock is taken.
//!
//! The plan says how (law 2). The scan blocks neither reads nor writes; it is bounded like a
//! validation, and a stop cancels it on the server.

use super::StepRun;
use super::long_statement::{self, Ends};
use crate::error::Error;
use crate::text::texts;
use changeover_plan::Change;

/// Fails with [`Error::RowsBreak`] where rows would break what one of the changes adds.
pub(super) async fn first(run: &mut StepRun<'_>, changes: &[Change]) -> Result<(), Error> {
    for change in changes {
        if let Change::AddConstraint(add) = change
            && let Some(look) = &add.look
        {
            let (table, constraint) = (add.table.plain(), add.constraint.name.as_str().to_owned());
            offending(run, look, table, constraint).await?;
        }
    }
    Ok(())
}

async fn offending(
    run: &mut StepRun<'_>,
    look: &str,
    table: String,
    constraint: String,
) -> Result<(), Error> {
    let (ends, bound) = (Ends::of(run), run.options.locks.long_statement);
    let transaction = run.worker.begin().await?;
    let action = format!("looking for rows that break {constraint}");
    let query = transaction.client().query(look, &[]);
    let rows = long_statement::within(&transaction, bound, ends, action, query).await?;
    transaction.rollback().await?;
    let Some(first) = rows.first() else { return Ok(()) };
    let count = u64::try_from(first.get::<_, i64>(1)).unwrap_or(0);
    Err(Error::RowsBreak { count, table, constraint, sample: texts(&rows).join("; ") })
}
