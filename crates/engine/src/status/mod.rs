//! Where an application stands, as one document: for the CLI, a status page, metrics, tests.
//!
//! One statement reads all of it (`sql/status.sql`); any role that may look at the ledger may.

mod pace;
mod refused;
mod workers;

pub use pace::PaceStatus;
pub use refused::{RefusedRelease, RefusedStatement};
pub use workers::{WorkerInstance, WorkerStatus};

use crate::connection::{self, Connection, Purpose};
use crate::control::{self, Wishes};
use crate::error::Error;
use crate::ledger::bootstrap;
use crate::text::document;
use changeover_plan::model::capability::{self, Capability};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tokio_postgres::types::Type;

const STATUS: &str = include_str!("sql/status.sql");

/// The bounds of a look, in its own transaction: a session's settings would leak through a pooler. A database
/// without an encoding is read in bytes, as everywhere.
const BEGIN: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '15s'; \
    SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '15s'; \
    SELECT set_config('client_encoding', 'SQL_ASCII', true) WHERE getdatabaseencoding() = 'SQL_ASCII'";

/// Where an application stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The application.
    pub app: String,
    /// The highest migration in the ledger.
    pub head: Option<u64>,
    /// The lowest head that may be alive or come back.
    pub floor: u64,
    /// The database's clock when this was read.
    pub at: Timestamp,
    /// Who migrates, if somebody does.
    pub term: Option<TermStatus>,
    /// Instances that were alive within the last hour.
    pub instances: Vec<InstanceStatus>,
    /// Steps of the latest plan, open ones, and those of the last hour, in the order of running.
    pub steps: Vec<StepStatus>,
    /// Rows whose new value cannot be computed.
    pub parked_rows: u64,
    /// How many migrations the ledger knows.
    pub migrations: u64,
    /// The latest events.
    pub events: Vec<Event>,
    /// The singleton workers, by name.
    #[serde(default)]
    pub workers: Vec<WorkerStatus>,
    /// Releases whose plan was refused, the latest first.
    #[serde(default)]
    pub refused: Vec<RefusedRelease>,
    /// What operators want.
    #[serde(default)]
    pub control: Wishes,
    /// How fast what runs long goes.
    #[serde(default)]
    pub pace: Option<PaceStatus>,
}

/// Who migrates.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TermStatus {
    /// The term's number.
    pub epoch: i64,
    /// The holder's instance.
    pub holder: Option<String>,
    /// The holder's release.
    pub release: Option<String>,
    /// Whether it is held now.
    pub held: bool,
    /// When it ends, if not renewed.
    pub expires_in_ms: Option<i64>,
}

/// One instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its id.
    pub id: String,
    /// Its release.
    pub release: String,
    /// Its head.
    pub head: u64,
    /// `starting`, `serving`, `draining` or `left`.
    pub state: String,
    /// Its host.
    pub host: String,
    /// Its process id.
    pub pid: i32,
    /// When it registered.
    pub registered_at: Timestamp,
    /// When it began to serve.
    pub serving_at: Option<Timestamp>,
    /// When it left.
    pub left_at: Option<Timestamp>,
    /// Since when it has not been heard of.
    pub heartbeat_age_ms: i64,
    /// Whether it counts as alive.
    pub alive: bool,
}

/// One step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepStatus {
    /// Its id.
    pub id: String,
    /// Its migration.
    pub migration: u64,
    /// What it does.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its phase.
    pub phase: String,
    /// `pending`, `running`, `done` or `failed`.
    pub state: String,
    /// Whether the release waits for it.
    pub before_serving: bool,
    /// The floor that it needs.
    pub floor: Option<u64>,
    /// How often it was begun.
    pub attempts: i32,
    /// When it was first begun.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// Why it did not work the last time.
    pub error: Option<String>,
    /// What its runner must be able to do.
    #[serde(default = "capability::owner")]
    pub requires: BTreeSet<Capability>,
    /// Why it stands where it stands.
    pub reason: Option<String>,
    /// How far it is, where it is long.
    pub progress: Option<ProgressStatus>,
}

/// How far a long step is, over all parts of its table.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ProgressStatus {
    /// How much there is, as the server believes.
    pub total: u64,
    /// How much is done.
    pub done: u64,
    /// How many rows were written.
    pub written: u64,
    /// How many batches that took.
    pub batches: u64,
    /// For how long it has been worked at.
    pub seconds: f64,
}

impl StepStatus {
    /// Whether it cannot be slowed down once it runs, and begins at its start again where it is cancelled.
    pub fn is_long(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "analyze" | "constraint_validate" | "index_build" | "index_drop"
        )
    }

    /// Whom it waits for: an instance that can do what not every instance can. `None`: any instance that
    /// migrates will do.
    pub fn waits_for(&self) -> Option<String> {
        let special = self.requires.iter().find(|needed| **needed != Capability::Owner)?;
        (self.state == "pending").then(|| format!("an instance with {special}"))
    }
}

impl ProgressStatus {
    /// The share that is done, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn share(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.done as f64 / self.total as f64).min(1.0) }
    }

    /// Units a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.done as f64 / self.seconds } else { 0.0 }
    }

    /// Seconds left at that rate; `None` while unknown.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
    pub fn seconds_left(&self) -> Option<f64> {
        let rate = self.rate();
        (rate > 0.0).then(|| self.total.saturating_sub(self.done) as f64 / rate)
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Under which term.
    pub epoch: Option<i64>,
    /// What kind: `plan_recorded`, `floor_raised`, `step_retried`, `step_failed`, `rows_differed`.
    pub kind: String,
    /// The step.
    pub step: Option<String>,
    /// What, in plain words.
    pub detail: String,
}

/// Reads statuses, keeping its connection.
pub struct StatusReader {
    connection: Connection,
    app: String,
}

impl StatusReader {
    /// Connects. Any role that may look at the ledger will do, also behind a
    /// pooler in transaction mode.
    pub async fn connect(url: &str, app: &str) -> Result<Self, Error> {
        let connection = connection::open(url, "changeover-status", Purpose::Status).await?;
        Ok(Self { connection, app: app.to_owned() })
    }

    /// Reads where the application stands. Fails with [`Error::NoLedger`] where there is none, with
    /// [`Error::UnknownApp`] where it does not know the application.
    pub async fn read(&self) -> Result<Status, Error> {
        let client = &self.connection.client;
        let sql = |source| Error::sql("reading the status", source);
        let status = match client.batch_execute(BEGIN).await {
            Ok(()) => self.read_in_transaction().await,
            Err(source) => Err(sql(source)),
        };
        // Also after a failure: a look that was given up may have left its transaction open.
        client.batch_execute("ROLLBACK").await.map_err(sql)?;
        status
    }

    async fn read_in_transaction(&self) -> Result<Status, Error> {
        let written = bootstrap::require(&self.connection).await?;
        let row = self
            .connection
            .client
            .query_typed_opt(STATUS, &[(&self.app, Type::TEXT)])
            .await
            .map_err(|source| Error::sql("reading the status", source))?;
        let Some(row) = row else {
            return Err(bootstrap::unknown_app(&self.connection, &self.app).await);
        };
        let mut status: Status = document(&row, 0, "status")?;
        status.workers = workers::read(&self.connection, &self.app).await?;
        status.refused = refused::read(&self.connection, &self.app).await?;
        if written >= control::SINCE_FORMAT {
            status.control = control::read(&self.connection, &self.app).await?;
            status.pace = pace::read(&self.connection, &self.app).await?;
        }
        Ok(status)
    }
}
