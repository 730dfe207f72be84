//! Deletes what is old: resolved alerts after their retention, and rows of deployments that are gone.
//!
//! A unit is one batch in one transaction: [`candidates`] chooses, [`delete`] deletes and notes how far the
//! walk is: what is kept must not be read again with each batch. Which alerts may go differs between releases ([`Rule`]), so only the current generation's owner may delete: what an
//! older release would remove, a newer one keeps. SQL: `pruning/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use std::time::Duration;
use tokio_postgres::{Client, Error, types::Type};
use uuid::Uuid;

/// Between two batches. Upstream prunes once an hour; here a batch is small.
const PAUSE: Duration = Duration::from_secs(60);

/// Rows that a batch looks at. A tenth of upstream's 5,000: a batch's row locks make writers wait.
pub const BATCH_ROWS: i64 = 500;

/// For how many days resolved alerts are kept by default: longer than any report looks back.
pub const RETENTION_DAYS: i32 = 730;

/// Which resolved alerts a release keeps beyond their retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// None.
    All,
    /// Those that were enforced, since the summary of enforcements counts them: release 4.10.
    KeepEnforced,
}

/// What one unit has deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Alerts.
    pub alerts: u64,
    /// Rows of deployments that are gone.
    pub orphans: u64,
}

/// What a batch has looked at, and what of it may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates {
    /// The alerts to delete.
    pub alerts: Vec<Uuid>,
    /// Where the next batch goes on: behind the last that was looked at, or at the front again.
    next: String,
}

/// Where a round begins.
const FRONT: &str = "-infinity/00000000-0000-0000-0000-000000000000";

/// The alerts that this release would delete next.
///
/// # Errors
/// When the statement fails.
pub async fn candidates(
    transaction: &Client,
    rule: Rule,
    retention_days: i32,
) -> Result<Candidates, Error> {
    let keeps_enforced = rule == Rule::KeepEnforced;
    let rows = transaction
        .query_typed(
            include_str!("pruning/candidates.sql"),
            &[
                (&retention_days, Type::INT4),
                (&keeps_enforced, Type::BOOL),
                (&BATCH_ROWS, Type::INT8),
            ],
        )
        .await?;
    let mut alerts = Vec::new();
    for row in &rows {
        if row.try_get(2)? {
            alerts.push(row.try_get(0)?);
        }
    }
    let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < BATCH_ROWS;
    let next = match rows.last() {
        Some(last) if !is_last => last.try_get(1)?,
        _ => FRONT.to_owned(),
    };
    Ok(Candidates { alerts, next })
}

/// Deletes these alerts, and of the next batch of risks and baselines those that are orphans.
///
/// # Errors
/// When a statement fails.
pub async fn delete(transaction: &Client, candidates: &Candidates) -> Result<Pruned, Error> {
    let alerts = transaction
        .execute_typed(
            include_str!("pruning/alerts.sql"),
            &[(&candidates.alerts, Type::UUID_ARRAY)],
        )
        .await?;
    transaction
        .execute_typed(include_str!("pruning/go_on.sql"), &[(&candidates.next, Type::TEXT)])
        .await?;
    transaction.query_typed(include_str!("by_index.sql"), &[]).await?;
    let mut orphans = 0;
    for statement in [include_str!("pruning/risks.sql"), include_str!("pruning/baselines.sql")] {
        orphans += transaction.execute_typed(statement, &[(&BATCH_ROWS, Type::INT8)]).await?;
    }
    Ok(Pruned { alerts, orphans })
}

/// The worker.
#[derive(Debug)]
pub(super) struct Pruning {
    rule: Rule,
    retention_days: i32,
    pause: Duration,
}

impl Pruning {
    pub(super) fn new(rule: Rule, settings: &WorkerSettings) -> Self {
        Self {
            rule,
            retention_days: settings.retention_days.unwrap_or(RETENTION_DAYS),
            pause: settings.pause(PAUSE),
        }
    }
}

impl SingletonWorker for Pruning {
    fn name(&self) -> &str {
        "pruning"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            let chosen = candidates(transaction.client(), self.rule, self.retention_days).await?;
            delete(transaction.client(), &chosen).await?;
            Ok(transaction.commit().await?)
        })
    }
}
