//! Ends what earlier holders of the term left running: a statement that cannot be guarded must not outlive
//! its term. Called once for each term, after its number is committed. SQL: `sql/earlier_backends.sql`,
//! `sql/end_backends.sql`.

use super::claim::Claim;
use crate::connection::Connection;
use crate::error::Error;
use std::time::Duration;

const EARLIER_BACKENDS: &str = include_str!("sql/earlier_backends.sql");
const END_BACKENDS: &str = include_str!("sql/end_backends.sql");

/// How often it is looked whether the predecessors' backends are gone. With the pause 5 s: one that
/// waits for a disk may take that long.
const END_BACKENDS_TRIES_MAX: u32 = 500;
/// The pause between two looks. Short, since it is part of every takeover.
const END_BACKENDS_PAUSE: Duration = Duration::from_millis(10);

/// Ends what earlier holders left running, and waits until it is gone.
pub(super) async fn end(watch: &Connection, claim: &Claim) -> Result<(), Error> {
    let sql = |source| Error::sql("ending the backends of earlier terms", source);
    let rows =
        watch.client.query(EARLIER_BACKENDS, &[&claim.app, &claim.epoch]).await.map_err(sql)?;
    if rows.is_empty() {
        return Ok(());
    }
    // Numbers that the ledger holds: nothing that would have to be quoted.
    let backends: Vec<String> = rows
        .iter()
        .map(|row| format!("({}::int, {}::bigint)", row.get::<_, i32>(0), row.get::<_, i64>(1)))
        .collect();
    let end = END_BACKENDS.replace("$BACKENDS", &backends.join(", "));
    let mut left = String::new();
    for _ in 0..END_BACKENDS_TRIES_MAX {
        let rows = watch.query_as_login(&end).await.map_err(sql)?;
        if rows.is_empty() {
            return Ok(());
        }
        left = rows.iter().filter_map(|row| row.get(0)).collect::<Vec<_>>().join(", ");
        tokio::time::sleep(END_BACKENDS_PAUSE).await;
    }
    Err(Error::Deadline {
        what: format!("ending the backends of earlier terms (pid {left})"),
        limit_ms: u64::from(END_BACKENDS_TRIES_MAX) * 10,
    })
}
