//! What one statement says of everything that a long step may harm. SQL: `sql/look.sql`.

use crate::error::Error;
use std::time::Duration;
use tokio_postgres::Row;

/// The statement.
pub(super) const LOOK: &str = include_str!("sql/look.sql");

/// For how long a session counts as at work after its last statement: two looks and some more.
pub(super) const AT_WORK: Duration = Duration::from_millis(600);

/// What it says. Sizes in bytes; `None` where there is no such thing, or it may not be seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// Sessions other than the engine's that have just done something.
    pub(super) at_work: i64,
    /// Those that run now and wait for nothing.
    pub(super) running: i64,
    /// Those that wait for locks or latches.
    pub(super) waiting: i64,
    pub(super) sessions: i64,
    /// Those that are within a statement or a transaction.
    pub(super) busy: i64,
    /// Sessions whose state the role may not see.
    pub(super) hidden_sessions: i64,
    pub(super) connections_max: i64,
    pub(super) standby_bytes: Option<f64>,
    pub(super) standby_ms: Option<f64>,
    /// Standbys that the role may not see.
    pub(super) hidden_standbys: i64,
    pub(super) slot_bytes: Option<f64>,
    /// `max_slot_wal_keep_size` in megabytes; -1: no bound.
    pub(super) slot_keep_mb: i64,
    /// The position in the WAL, as bytes since its beginning.
    pub(super) wal_position: f64,
    /// Whether archiving fails; `None`: nothing is archived.
    pub(super) archiving_fails: Option<bool>,
    pub(super) archive_bytes: Option<f64>,
    pub(super) is_vacuumed: bool,
    /// The worst p95 that services have reported in the last ten seconds.
    pub(super) reported_ms: Option<f64>,
}

/// Reads the server's statistics.
pub(super) async fn look(
    client: &tokio_postgres::Client,
    statement: &str,
    app: &str,
    tables: &[String],
) -> Result<Look, Error> {
    let at_work_ms = AT_WORK.as_secs_f64() * 1000.0;
    let row = client
        .query_one(statement, &[&app, &tables, &at_work_ms])
        .await
        .map_err(|source| Error::sql("reading the server's statistics", source))?;
    Ok(read(&row))
}

fn read(row: &Row) -> Look {
    Look {
        at_work: row.get(0),
        running: row.get(1),
        waiting: row.get(2),
        sessions: row.get(3),
        hidden_sessions: row.get(4),
        connections_max: row.get(5),
        standby_bytes: row.get(6),
        standby_ms: row.get(7),
        hidden_standbys: row.get(8),
        slot_bytes: row.get(9),
        slot_keep_mb: row.get::<_, Option<i64>>(10).unwrap_or(-1),
        wal_position: row.get(11),
        archiving_fails: row.get(12),
        archive_bytes: row.get(13),
        is_vacuumed: row.get(14),
        reported_ms: row.get(15),
        busy: row.get(16),
    }
}
