//! Who is in the way of a lock, in words that somebody can act on. SQL: `sql/blockers.sql`.

use crate::text::text;
use changeover_plan::{LockMode, QualifiedName};
use tokio_postgres::{Client, Row};

const BLOCKERS: &str = include_str!("sql/blockers.sql");

/// The longest piece of a statement that is shown, in characters.
const QUERY_CHARACTERS_MAX: usize = 80;

/// Names the transactions that hold locks which conflict with those wanted. Ends the current transaction.
pub(super) async fn blockers(
    client: &Client,
    wanted: &[(&QualifiedName, LockMode)],
) -> Result<Vec<String>, tokio_postgres::Error> {
    let names: Vec<String> = wanted.iter().map(|(name, _)| name.to_string()).collect();
    let modes: Vec<&str> = wanted.iter().map(|(_, mode)| in_pg_locks(*mode)).collect();
    client.batch_execute("ROLLBACK").await?;
    let rows = client.query(BLOCKERS, &[&names, &modes]).await?;
    rows.iter().map(described).collect()
}

/// A mode as `pg_locks` names it.
fn in_pg_locks(mode: LockMode) -> &'static str {
    match mode {
        LockMode::AccessShare => "AccessShareLock",
        LockMode::RowShare => "RowShareLock",
        LockMode::RowExclusive => "RowExclusiveLock",
        LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
        LockMode::Share => "ShareLock",
        LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
        LockMode::Exclusive => "ExclusiveLock",
        LockMode::AccessExclusive => "AccessExclusiveLock",
    }
}

fn described(row: &Row) -> Result<String, tokio_postgres::Error> {
    let pid: Option<i32> = row.try_get(0)?;
    let age_ms: Option<i64> = row.try_get(1)?;
    let (name, query, role, kind) = (text(row, 2), text(row, 3), text(row, 5), text(row, 4));
    let behind: Vec<i32> = row.try_get(6)?;
    let who = if name.is_empty() { kind } else { name };
    let age =
        age_ms.map_or_else(|| "a time that may not be seen".to_owned(), |ms| format!("{ms} ms"));
    let query: String = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let query: String = query.chars().take(QUERY_CHARACTERS_MAX).collect();
    let Some(pid) = pid else {
        let gid = query.replace('\'', "''");
        return Ok(format!(
            "a prepared transaction of role {role} for {age}; it ends by ROLLBACK PREPARED '{gid}'"
        ));
    };
    let waits = match behind.first() {
        Some(first) => format!(", itself waiting for pid {first}"),
        None => String::new(),
    };
    Ok(format!(
        "pid {pid} ({who}, role {role}) for {age}{waits}: {query} (it ends by SELECT \
         pg_terminate_backend({pid}))"
    ))
}
