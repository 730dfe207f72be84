//! Has tables write notes: by the owner, once the tables are there.
//!
//! Called when everything is done that comes before serving, and again where a look finds a trigger
//! missing. A trigger makes the table's writers wait for its lock, so it is taken as for a migration
//! (`changeover::lock`). What stands already is left alone, without any lock.

use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::lock;
use crate::options::Options;
use changeover_ledger::text::exact;
use changeover_plan::{Lock, LockHeld, LockMode, QualifiedName};
use std::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// A table whose writes shared caches hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedTable {
    /// What caches call it; several tables may be one source.
    pub source: String,
    /// The table, with its schema if that is not the first of the owner's `search_path`.
    pub table: String,
    /// The column by which single values are dropped; `None`: any write drops everything.
    pub key_column: Option<String>,
    /// Whether its writers notify. `false` for tables that are written all the time: while
    /// a transaction that notifies commits, no other one that notifies can.
    pub notifies: bool,
}

impl WatchedTable {
    /// A table that is watched as a whole, under its own name.
    pub fn whole(table: impl Into<String>) -> Self {
        let table = table.into();
        Self { source: table.clone(), table, key_column: None, notifies: true }
    }

    /// A table that is watched by a key, under its own name.
    pub fn by_key(table: impl Into<String>, column: impl Into<String>) -> Self {
        Self { key_column: Some(column.into()), ..Self::whole(table) }
    }
}

/// One instance at a time; the figure is the word "chow" in ASCII and means nothing. Tried, not waited
/// for: who waits holds a snapshot, for which a concurrent index build would wait.
const ALONE: &str = "SELECT pg_try_advisory_xact_lock(1667788663)";
const WATCHED: &str = "SELECT changeover.watch_print($1, $2) IS NOT NULL AND EXISTS (SELECT 1 \
    FROM changeover.watched_table WHERE app = $1 AND source = $2 AND relation = $3::text::regclass \
     AND triggers = changeover.note_triggers($1, $2, $4::text::name, $5, 100))";
const PARTS: &str = "SELECT n.nspname::text, c.relname::text \
    FROM changeover.table_parts($1::text::regclass) p JOIN pg_class c ON c.oid = p.relation \
    JOIN pg_namespace n ON n.oid = c.relnamespace";
const WATCH: &str =
    "SELECT changeover.watch_table_v1($3::text::regclass, $1, $2, $4::text::name, $5, 100)";

/// Has all of these tables write notes.
pub(crate) async fn ensure(options: &Options, tables: &[WatchedTable]) -> Result<(), Error> {
    let Some(url) = &options.owner_url else {
        return Ok(());
    };
    if tables.is_empty() {
        return Ok(());
    }
    let name = options.application_name();
    let mut owner = connection::open(url, &name, Purpose::Watch).await?;
    for watched in tables {
        ensure_one(&mut owner, options, watched).await?;
    }
    Ok(())
}

/// Tries until the table is watched, no matter who has it done.
async fn ensure_one(
    owner: &mut Connection,
    options: &Options,
    watched: &WatchedTable,
) -> Result<(), Error> {
    let began = Instant::now();
    // Somebody else may try for as long as it takes to give up, and then it is our turn.
    let limit = options.locks.give_up_after * 2;
    while !try_one(owner, options, watched).await? {
        if began.elapsed() >= limit {
            return Err(Error::Deadline {
                what: format!("waiting for who else has table {} watched", watched.table),
                limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            });
        }
        tokio::time::sleep(options.timing.poll).await;
    }
    Ok(())
}

/// `false`: another instance is just doing it.
async fn try_one(
    owner: &mut Connection,
    options: &Options,
    watched: &WatchedTable,
) -> Result<bool, Error> {
    let sql = |source| Error::sql(format!("having table {} watched", watched.table), source);
    let (app, source, table) = (&options.app, &watched.source, &watched.table);
    let how: [&(dyn ToSql + Sync); 5] =
        [app, source, table, &watched.key_column, &watched.notifies];
    let transaction = owner.client.transaction().await.map_err(sql)?;
    let is_alone: bool = transaction.query_one(ALONE, &[]).await.map_err(sql)?.get(0);
    let is_watched: bool = transaction.query_one(WATCHED, &how).await.map_err(sql)?.get(0);
    if is_watched || !is_alone {
        transaction.rollback().await.map_err(sql)?;
        return Ok(is_watched);
    }
    let parts = transaction.query(PARTS, &[table]).await.map_err(sql)?;
    let doing = "reading a partition's name";
    let part = |row: &Row| {
        let (schema, name): (String, String) = (exact(row, 0, doing)?, exact(row, 1, doing)?);
        let relation = QualifiedName::new(schema, name);
        Ok(Lock { relation, mode: LockMode::ShareRowExclusive, held: LockHeld::Blink })
    };
    let locks: Vec<Lock> = parts.iter().map(part).collect::<Result<_, Error>>()?;
    lock::acquire_on(transaction.client(), &locks, &options.locks).await?;
    transaction.query_one(WATCH, &how).await.map_err(sql)?;
    transaction.commit().await.map_err(sql)?;
    tracing::info!(table, source, "writes of this table are noted for shared caches");
    Ok(true)
}
