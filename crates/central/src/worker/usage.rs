//! Counts usage by hour: alerts raised, and the most deployments that there were at once.
//!
//! A unit reads up to where it was counted ([`read`]), and adds what came since ([`add`]). Adding is
//! not idempotent, so it must not be done twice: cursor and counts change in one guarded transaction.
//! The peak is the largest that *any* central has seen, never the last one's. SQL: `usage/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use jiff::Timestamp;
use std::time::Duration;
use tokio_postgres::{Client, Error, types::Type};
use uuid::Uuid;

/// Between two samples.
const PAUSE: Duration = Duration::from_secs(60);

/// Deployments that one statement counts: some milliseconds.
const PIECE_ROWS: i64 = 10_000;

/// What came since it was counted last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Up to when it counts.
    pub until: Timestamp,
    /// By hour: alerts raised.
    pub alerts_raised: Vec<(Timestamp, i64)>,
    /// Now.
    pub now: Timestamp,
    /// Deployments now.
    pub deployments: i64,
}

/// Reads what came since it was counted last.
///
/// # Errors
/// When a statement fails.
pub async fn read(transaction: &Client) -> Result<Sample, Error> {
    let row = transaction.query_typed(include_str!("usage/now.sql"), &[]).await?;
    // It is one row, by its SQL.
    let Some(now) = row.first() else {
        let (until, now) = (Timestamp::MIN, Timestamp::MIN);
        return Ok(Sample { until, alerts_raised: Vec::new(), now, deployments: 0 });
    };
    let (since, until): (Timestamp, Timestamp) = (now.try_get(0)?, now.try_get(1)?);
    let now = now.try_get(2)?;
    let rows = transaction
        .query_typed(
            include_str!("usage/alerts.sql"),
            &[(&since, Type::TIMESTAMPTZ), (&until, Type::TIMESTAMPTZ)],
        )
        .await?;
    let alerts_raised = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(Sample { until, alerts_raised, now, deployments: deployments(transaction).await? })
}

/// Counts deployments in pieces, each a statement of its own.
async fn deployments(transaction: &Client) -> Result<i64, Error> {
    let (mut count, mut after) = (0, Uuid::nil());
    loop {
        let rows = transaction
            .query_typed(
                include_str!("usage/deployments.sql"),
                &[(&after, Type::UUID), (&PIECE_ROWS, Type::INT8)],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(count) };
        let piece: i64 = row.try_get(0)?;
        count += piece;
        match row.try_get(1)? {
            Some(last) if piece == PIECE_ROWS => after = last,
            _ => return Ok(count),
        }
    }
}

/// Adds a sample to its hours, and says up to when is counted.
///
/// # Errors
/// When a statement fails.
pub async fn add(transaction: &Client, sample: &Sample) -> Result<(), Error> {
    let (hours, counts): (Vec<Timestamp>, Vec<i64>) = sample.alerts_raised.iter().copied().unzip();
    transaction
        .execute_typed(
            include_str!("usage/add.sql"),
            &[(&hours, Type::TIMESTAMPTZ_ARRAY), (&counts, Type::INT8_ARRAY)],
        )
        .await?;
    transaction
        .execute_typed(
            include_str!("usage/peak.sql"),
            &[(&sample.now, Type::TIMESTAMPTZ), (&sample.deployments, Type::INT8)],
        )
        .await?;
    transaction
        .execute_typed(include_str!("usage/go_on.sql"), &[(&sample.until, Type::TIMESTAMPTZ)])
        .await?;
    Ok(())
}

/// The worker.
#[derive(Debug)]
pub(super) struct UsageCounter {
    pause: Duration,
}

impl UsageCounter {
    pub(super) fn new(settings: &WorkerSettings) -> Self {
        Self { pause: settings.pause(PAUSE) }
    }
}

impl SingletonWorker for UsageCounter {
    fn name(&self) -> &str {
        "usage"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            let sample = read(transaction.client()).await?;
            add(transaction.client(), &sample).await?;
            Ok(transaction.commit().await?)
        })
    }
}
