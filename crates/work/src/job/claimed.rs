//! A claimed job: as it waits here, and as its handler sees it.

use super::place::Place;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use tokio_postgres::Row;

/// A job that this process has claimed, and reads when it begins it: others may end the claim until then.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) kind: Arc<str>,
    pub(super) version: i32,
    pub(super) attempt: i32,
    pub(super) place: Option<Place>,
    /// To be run in a transaction of its own: it has failed before, or a process has died with it.
    pub(super) is_alone: bool,
}

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
    app: Arc<str>,
}

impl Job {
    /// Of what `read_jobs_v1` has returned for a claimed job.
    pub(super) fn read(
        app: &Arc<str>,
        claimed: &Claimed,
        row: &Row,
    ) -> Result<Self, tokio_postgres::Error> {
        // By place: looking up names costs as much as all the rest of a row.
        Ok(Self {
            id: claimed.id,
            kind: (*claimed.kind).to_owned(),
            version: claimed.version,
            attempt: claimed.attempt,
            payload: row.try_get(2)?,
            enqueued_at: row.try_get(3)?,
            run_at: row.try_get(4)?,
            failures: row.try_get(5)?,
            crashes: row.try_get(6)?,
            app: Arc::clone(app),
        })
    }

    /// A key for what leaves the database (mail, webhooks): the same in every attempt, and another one
    /// for every job, also of a database that was made anew.
    pub fn idempotency_key(&self) -> String {
        format!("{}.job.{}.{}", self.app, self.id, self.enqueued_at.as_microsecond())
    }
}
