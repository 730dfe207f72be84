//! A claimed job, as its handler sees it.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;

/// A job that this process has claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number, unique in the database.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// The version of the payload.
    pub version: i32,
    /// Counts claims, and only grows; also when a job was given back without having begun. A receiver
    /// that can store the highest number it has seen for an idempotency key can refuse lower ones.
    pub attempt: i32,
    /// How often it has failed so far; after `max_attempts` it is given up.
    pub failures: i32,
    /// How often its process has died while it had claimed it.
    pub crashes: i32,
    /// What was enqueued.
    pub payload: Value,
    /// When.
    pub enqueued_at: Timestamp,
    /// From when on it was to be run.
    pub run_at: Timestamp,
    app: String,
}

impl Job {
    pub(super) fn read(app: &str, row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            version: row.try_get("version")?,
            attempt: row.try_get("attempt")?,
            failures: row.try_get("failures")?,
            crashes: row.try_get("crashes")?,
            payload: row.try_get("payload")?,
            enqueued_at: row.try_get("enqueued_at")?,
            run_at: row.try_get("run_at")?,
            app: app.to_owned(),
        })
    }

    /// A key for what leaves the database (mail, webhooks): the same in every attempt, and another one
    /// for every job, also of a database that was made anew.
    pub fn idempotency_key(&self) -> String {
        format!("{}.job.{}.{}", self.app, self.id, self.enqueued_at.as_microsecond())
    }
}
