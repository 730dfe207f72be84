//! Enqueues jobs in the caller's transaction: they exist exactly if it commits.

use crate::error::Error;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

/// The queue of one application. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobQueue {
    app: Arc<str>,
}

/// Jobs of one kind that are to be enqueued together.
#[derive(Clone, Debug)]
pub struct Enqueue<'a> {
    kind: &'a str,
    version: i32,
    payloads: Vec<Value>,
    unique_keys: Vec<Option<String>>,
    priority: i16,
    at: Option<SystemTime>,
}

impl<'a> Enqueue<'a> {
    /// Jobs of this kind, with payloads of this version.
    pub fn new(kind: &'a str, version: i32) -> Self {
        Self { kind, version, payloads: Vec::new(), unique_keys: Vec::new(), priority: 0, at: None }
    }

    /// Adds a job.
    pub fn payload(mut self, payload: impl Serialize) -> Result<Self, Error> {
        self.payloads.push(json(payload)?);
        self.unique_keys.push(None);
        Ok(self)
    }

    /// Adds a job, unless one of this kind with this key is there already, waiting or running. What the
    /// running one has read may be out of date: where that matters, put what is read into the key.
    pub fn unique(
        mut self,
        key: impl Into<String>,
        payload: impl Serialize,
    ) -> Result<Self, Error> {
        self.payloads.push(json(payload)?);
        self.unique_keys.push(Some(key.into()));
        Ok(self)
    }

    /// Smaller is more urgent; 0 unless said otherwise.
    #[must_use]
    pub fn priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Not before this time, as the database's clock has it.
    #[must_use]
    pub fn at(mut self, at: SystemTime) -> Self {
        self.at = Some(at);
        self
    }
}

fn json(payload: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(payload)
        .map_err(|source| Error::Decode { what: "payload of a job".to_owned(), source })
}

impl JobQueue {
    pub(crate) fn new(app: &str) -> Self {
        Self { app: app.into() }
    }

    /// Enqueues one job; `None` where a unique one is there already. See [`JobQueue::enqueue_all`].
    pub async fn enqueue(
        &self,
        client: &(impl GenericClient + Sync),
        kind: &str,
        version: i32,
        payload: impl Serialize,
    ) -> Result<i64, Error> {
        let ids = self.enqueue_all(client, Enqueue::new(kind, version).payload(payload)?).await?;
        ids.first().copied().ok_or_else(|| Error::Invalid("no job was enqueued".to_owned()))
    }

    /// Enqueues jobs on this client: within its open transaction, if it has one. Returns the numbers of
    /// those that were enqueued. Refused (SQLSTATE CO006) where no release has declared the kind in this
    /// version, or before the switch to the one that has: see [`JobQueue::newest_version`].
    pub async fn enqueue_all(
        &self,
        client: &(impl GenericClient + Sync),
        jobs: Enqueue<'_>,
    ) -> Result<Vec<i64>, Error> {
        let rows = client
            .query_typed(
                "SELECT * FROM changeover.enqueue_v1($1, $2, $3, $4, $5, $6, $7)",
                &[
                    (&&*self.app, Type::TEXT),
                    (&jobs.kind, Type::TEXT),
                    (&jobs.version, Type::INT4),
                    (&jobs.payloads, Type::JSONB_ARRAY),
                    (&jobs.priority, Type::INT2),
                    (&jobs.at, Type::TIMESTAMPTZ),
                    (&jobs.unique_keys, Type::TEXT_ARRAY),
                ],
            )
            .await
            .map_err(|source| {
                Error::sql(format!("enqueueing jobs of kind {}", jobs.kind), source)
            })?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The highest version of the payload, up to `up_to`, that may be enqueued now: a producer of a new
    /// release writes the old payload until the switch, since until then an older release may have to run
    /// it. `None`: no release has declared the kind.
    pub async fn newest_version(
        &self,
        client: &(impl GenericClient + Sync),
        kind: &str,
        up_to: i32,
    ) -> Result<Option<i32>, Error> {
        let rows = client
            .query_typed(
                "SELECT changeover.enqueueable_version_v1($1, $2, $3)",
                &[(&&*self.app, Type::TEXT), (&kind, Type::TEXT), (&up_to, Type::INT4)],
            )
            .await
            .map_err(|source| Error::sql(format!("asking for the version of {kind}"), source))?;
        Ok(rows.first().and_then(|row| row.get(0)))
    }
}
