//! Computes deployments' risk again from their alerts and their image's CVEs.
//!
//! Walks the deployments by key, a batch a unit; how far it has come is saved in the batch's own
//! transaction, so that a successor goes on where the predecessor stopped. A unit reads, computes,
//! writes: the one that was paused between reading and writing would overwrite newer scores by older ones,
//! which the guard refuses. SQL: `reprocessor/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use std::time::Duration;
use tokio_postgres::{Client, Error, types::Type};
use uuid::Uuid;

/// Between two batches: a round over 5,000 deployments takes some ten minutes, as upstream.
const PAUSE: Duration = Duration::from_secs(10);

/// Deployments of a batch: some milliseconds.
pub const BATCH_ROWS: i64 = 100;

/// What an alert counts beside a CVSS of the image's worst CVE; each release has its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formula {
    /// The release whose it is.
    pub release: &'static str,
    /// The weight of one active alert.
    pub alert_weight: f64,
}

/// One computed score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Whose.
    pub deployment_id: Uuid,
    /// The risk.
    pub score: f64,
}

/// A batch, read and computed, not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The scores.
    pub scores: Vec<Score>,
    /// Where the next batch begins: after this key, or at the front.
    pub next: Option<Uuid>,
}

/// Reads the next batch and computes its scores.
///
/// # Errors
/// When a statement fails.
pub async fn read(transaction: &Client, formula: Formula) -> Result<Batch, Error> {
    let rows = transaction
        .query_typed(
            include_str!("reprocessor/read.sql"),
            &[(&formula.alert_weight, Type::FLOAT8), (&BATCH_ROWS, Type::INT8)],
        )
        .await?;
    let scores = rows
        .iter()
        .map(|row| Ok(Score { deployment_id: row.try_get(0)?, score: row.try_get(1)? }))
        .collect::<Result<Vec<_>, Error>>()?;
    let is_last = i64::try_from(scores.len()).unwrap_or(i64::MAX) < BATCH_ROWS;
    let next = scores.last().filter(|_| !is_last).map(|score| score.deployment_id);
    Ok(Batch { scores, next })
}

/// Writes a batch, and how far it went.
///
/// # Errors
/// When a statement fails.
pub async fn write(transaction: &Client, formula: Formula, batch: &Batch) -> Result<u64, Error> {
    let ids: Vec<Uuid> = batch.scores.iter().map(|score| score.deployment_id).collect();
    let scores: Vec<f64> = batch.scores.iter().map(|score| score.score).collect();
    let written = transaction
        .execute_typed(
            include_str!("reprocessor/write.sql"),
            &[
                (&ids, Type::UUID_ARRAY),
                (&scores, Type::FLOAT8_ARRAY),
                (&formula.release, Type::TEXT),
            ],
        )
        .await?;
    let next = batch.next.unwrap_or(Uuid::nil()).to_string();
    transaction
        .execute_typed(include_str!("reprocessor/go_on.sql"), &[(&next, Type::TEXT)])
        .await?;
    Ok(written)
}

/// The worker.
#[derive(Debug)]
pub(super) struct Reprocessor {
    formula: Formula,
    pause: Duration,
}

impl Reprocessor {
    pub(super) fn new(formula: Formula, settings: &WorkerSettings) -> Self {
        Self { formula, pause: settings.pause(PAUSE) }
    }
}

impl SingletonWorker for Reprocessor {
    fn name(&self) -> &str {
        "reprocessor"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            let batch = read(transaction.client(), self.formula).await?;
            write(transaction.client(), self.formula, &batch).await?;
            Ok(transaction.commit().await?)
        })
    }
}
