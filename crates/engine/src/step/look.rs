//! Looks for rows that would break a constraint, before it is added and before any lock is taken.
//!
//! The plan says how (law 2). The scan blocks neither reads nor writes; it is bounded like a
//! validation, and a stop cancels it on the server.

use super::StepRun;
use crate::error::Error;
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
    let stop = run.stop;
    let bound_ms = run.options.locks.long_statement.as_millis();
    let transaction = run.worker.begin().await?;
    let sql = |source| Error::sql(format!("looking for rows that break {constraint}"), source);
    let bounds = format!("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = {bound_ms}");
    transaction.client().batch_execute(&bounds).await.map_err(sql)?;
    let rows = tokio::select! {
        rows = transaction.client().query(look, &[]) => rows.map_err(sql)?,
        () = stop.cancelled() => {
            run.worker.cancel().await;
            return Err(Error::Stopped);
        }
    };
    transaction.rollback().await?;
    let Some(first) = rows.first() else { return Ok(()) };
    let count = u64::try_from(first.get::<_, i64>(1)).unwrap_or(0);
    let keys: Vec<String> = rows
        .iter()
        .map(|row| row.try_get(0).unwrap_or_else(|_| "(not to be read)".to_owned()))
        .collect();
    Err(Error::RowsBreak { count, table, constraint, sample: keys.join("; ") })
}
