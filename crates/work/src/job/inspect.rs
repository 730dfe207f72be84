//! What an operator does with the queue: looks, puts back what was given up, asks before going back.
//!
//! Used by `changeover jobs`. Any role that may look at the ledger will do, also behind a pooler.

use crate::bootstrap;
use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use changeover_ledger::text::{known_text, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

const COUNTS: &str = include_str!("sql/counts.sql");
const DEAD: &str = include_str!("sql/dead.sql");
const DEAD_OF_KIND: &str = "SELECT id FROM changeover.jobs WHERE app = $1 AND kind = $2 \
    AND state = 'dead' AND id > $3 ORDER BY id LIMIT $4";
const REQUEUE: &str = "SELECT changeover.requeue_v1($1, $2)";
const BEYOND: &str = "SELECT * FROM changeover.jobs_beyond_v1($1, $2)";

/// How many jobs one transaction puts back: each is written, and its row locked for so long.
const REQUEUE_TOGETHER: i64 = 1000;

/// How many jobs of a kind are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCount {
    /// The kind.
    pub kind: String,
    /// The version of the payload.
    pub version: i32,
    /// `waiting`, `running`, `later`, `parked`, `dead` or `unknown`.
    pub state: String,
    /// How many.
    pub jobs: i64,
    /// For how long the oldest of them is there.
    pub oldest_ms: i64,
    /// How many instances could claim them now: they serve, are heard of, and have declared the kind.
    pub instances: i64,
}

/// A job that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// Its number.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// The version of its payload.
    pub version: i32,
    /// `dead`: given up. `unknown`: called outside, and nobody knows what became of it.
    pub state: String,
    /// How often it has failed.
    pub failures: i32,
    /// How often its process has died.
    pub crashes: i32,
    /// Why, the last time.
    pub error: Option<String>,
    /// When it was enqueued.
    pub enqueued_at: Timestamp,
}

/// Jobs that a generation cannot run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsBeyond {
    /// The kind.
    pub kind: String,
    /// The version of the payload.
    pub version: i32,
    /// How many.
    pub jobs: i64,
}

/// One application's queue, for people.
pub struct JobInspector {
    connection: Connection,
    app: String,
}

impl JobInspector {
    /// Connects. Fails with [`Error::NoLedger`] where there is no queue.
    pub async fn connect(url: &str, app: &str) -> Result<Self, Error> {
        let connection = connection::open(url, "changeover-jobs", Purpose::Status).await?;
        match bootstrap::format(&connection).await? {
            Some((written, _)) if written >= 2 => {}
            _ => return Err(Error::NoLedger),
        }
        bootstrap::require(&connection).await?;
        Ok(Self { connection, app: app.to_owned() })
    }

    /// How many jobs there are, by kind, version and state.
    pub async fn counts(&self) -> Result<Vec<JobCount>, Error> {
        let rows = self.query(COUNTS, &[(&self.app, Type::TEXT)]).await?;
        Ok(rows
            .iter()
            .map(|row| JobCount {
                kind: text(row, "kind"),
                version: row.get("version"),
                state: text(row, "state"),
                jobs: row.get("jobs"),
                oldest_ms: row.get("oldest_ms"),
                instances: row.get("instances"),
            })
            .collect())
    }

    /// Jobs that wait for a person, the oldest first.
    pub async fn dead(&self, kind: Option<&str>, at_most: i64) -> Result<Vec<DeadJob>, Error> {
        let rows = self
            .query(DEAD, &[(&self.app, Type::TEXT), (&kind, Type::TEXT), (&at_most, Type::INT8)])
            .await?;
        Ok(rows.iter().map(dead).collect())
    }

    /// Puts these back, with a fresh count of failures. Returns how many were: others are not dead, or
    /// have a unique key that another job has by now.
    pub async fn requeue(&self, ids: &[i64]) -> Result<i64, Error> {
        let rows =
            self.query(REQUEUE, &[(&self.app, Type::TEXT), (&ids, Type::INT8_ARRAY)]).await?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    /// Puts all of a kind back that were given up; those of unknown outcome only by number, since somebody
    /// has to know what became of each. Returns how many were.
    pub async fn requeue_kind(&self, kind: &str) -> Result<i64, Error> {
        let mut back = 0;
        let mut after = 0;
        // Ends with the last one: numbers only grow.
        loop {
            let rows = self
                .query(
                    DEAD_OF_KIND,
                    &[
                        (&self.app, Type::TEXT),
                        (&kind, Type::TEXT),
                        (&after, Type::INT8),
                        (&REQUEUE_TOGETHER, Type::INT8),
                    ],
                )
                .await?;
            let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
            let Some(last) = ids.last() else { return Ok(back) };
            after = *last;
            back += self.requeue(&ids).await?;
        }
    }

    /// The jobs that a generation could not run.
    pub async fn beyond(&self, generation: i64) -> Result<Vec<JobsBeyond>, Error> {
        let rows =
            self.query(BEYOND, &[(&self.app, Type::TEXT), (&generation, Type::INT8)]).await?;
        Ok(rows
            .iter()
            .map(|row| JobsBeyond {
                kind: text(row, "kind"),
                version: row.get("version"),
                jobs: row.get("jobs"),
            })
            .collect())
    }

    async fn query(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        self.connection
            .client
            .query_typed(sql, parameters)
            .await
            .map_err(|source| Error::sql("looking at the queue", source))
    }
}

fn dead(row: &Row) -> DeadJob {
    DeadJob {
        id: row.get("id"),
        kind: text(row, "kind"),
        version: row.get("version"),
        state: text(row, "state"),
        failures: row.get("failures"),
        crashes: row.get("crashes"),
        error: known_text(row, "error"),
        enqueued_at: row.get("enqueued_at"),
    }
}
