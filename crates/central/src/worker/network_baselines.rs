//! Keeps, in memory, which peers each deployment usually talks to, and writes whole objects.
//!
//! Flows are walked by key, a batch a unit. [`Baselines`] is the worker's memory: loaded again with each
//! tenure and thrown away with it, since whole objects out of an older memory would undo what others
//! have written. Within a tenure nobody else writes; the guard refuses the one that only believes that it
//! has one. What a refused batch had seen is not lost: flows and cursor are in the database.
//! SQL: `network_baselines/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, types::Type};
use uuid::Uuid;

/// Between two batches.
const PAUSE: Duration = Duration::from_secs(5);

/// Flows of a batch: some milliseconds.
pub const BATCH_ROWS: i64 = 200;

/// The most deployments that are loaded; what lies beyond is loaded when it is met.
const LOADED_MAX: i64 = 100_000;

/// The worker's memory.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    peers: BTreeMap<Uuid, BTreeSet<String>>,
    changed: BTreeSet<Uuid>,
    cursor: String,
}

impl Baselines {
    /// Loads everything that is stored: at the beginning of each tenure.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn load(transaction: &Client) -> Result<Self, Error> {
        let mut baselines = Self::default();
        let rows = transaction
            .query_typed(include_str!("network_baselines/load.sql"), &[(&LOADED_MAX, Type::INT8)])
            .await?;
        for row in rows {
            let peers: Vec<String> = row.try_get(1)?;
            baselines.peers.insert(row.try_get(0)?, peers.into_iter().collect());
        }
        let cursor =
            transaction.query_typed(include_str!("network_baselines/cursor.sql"), &[]).await?;
        if let Some(row) = cursor.first() {
            baselines.cursor = row.try_get(0)?;
        }
        Ok(baselines)
    }

    /// A peer was seen.
    pub fn observe(&mut self, deployment_id: Uuid, peer: String) {
        if self.peers.entry(deployment_id).or_default().insert(peer) {
            self.changed.insert(deployment_id);
        }
    }

    /// Looks at the next batch of flows; returns how many there were.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn read(&mut self, transaction: &Client) -> Result<usize, Error> {
        let rows = transaction
            .query_typed(
                include_str!("network_baselines/flows.sql"),
                &[(&self.cursor, Type::TEXT), (&BATCH_ROWS, Type::INT8)],
            )
            .await?;
        // After the last flow it begins at the front again: new ones may lie anywhere.
        self.cursor = String::new();
        for row in &rows {
            self.observe(row.try_get(0)?, row.try_get(1)?);
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) == BATCH_ROWS
            && let Some(last) = rows.last()
        {
            self.cursor = last.try_get(2)?;
        }
        Ok(rows.len())
    }

    /// Writes every object that has changed, and how far the walk is. What was written is forgotten as
    /// a change only by [`Baselines::flushed`], once it is committed.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn flush(&self, transaction: &Client) -> Result<u64, Error> {
        let ids: Vec<Uuid> = self.changed.iter().copied().collect();
        let objects: Vec<serde_json::Value> = ids
            .iter()
            .map(|id| self.peers.get(id).into_iter().flatten().cloned().collect())
            .collect();
        let written = transaction
            .execute_typed(
                include_str!("network_baselines/flush.sql"),
                &[(&ids, Type::UUID_ARRAY), (&objects, Type::JSONB_ARRAY)],
            )
            .await?;
        transaction
            .execute_typed(
                include_str!("network_baselines/go_on.sql"),
                &[(&self.cursor, Type::TEXT)],
            )
            .await?;
        Ok(written)
    }

    /// What was flushed is committed.
    pub fn flushed(&mut self) {
        self.changed.clear();
    }
}

/// The worker, with the memory of its tenure.
#[derive(Debug)]
pub(super) struct NetworkBaselines {
    pause: Duration,
    /// Under which token the memory was loaded, and the memory.
    memory: Mutex<Option<((i64, i64), Baselines)>>,
}

impl NetworkBaselines {
    pub(super) fn new(settings: &WorkerSettings) -> Self {
        Self { pause: settings.pause(PAUSE), memory: Mutex::new(None) }
    }
}

impl SingletonWorker for NetworkBaselines {
    fn name(&self) -> &str {
        "network_baselines"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let token = tenure.token();
            let mut memory = self.memory.lock().await;
            let transaction = tenure.begin().await?;
            // Taken out: a turn that fails leaves nothing behind that might not be stored.
            let mut baselines = match memory.take() {
                Some((of, baselines)) if of == token => baselines,
                _ => Baselines::load(transaction.client()).await?,
            };
            baselines.read(transaction.client()).await?;
            baselines.flush(transaction.client()).await?;
            transaction.commit().await?;
            baselines.flushed();
            *memory = Some((token, baselines));
            Ok(())
        })
    }
}
