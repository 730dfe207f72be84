//! Release 4.10: how often each policy was enforced, from `alerts.enforcement_count`.
//!
//! Needs the schema of 4.10: releases before it have no such worker and could not own it. Counts again
//! each time, since rows that older releases wrote are filled in the background. SQL:
//! `enforcement_summary/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use std::time::Duration;
use tokio_postgres::{Client, Error};

/// Between two summaries: each reads all alerts.
const PAUSE: Duration = Duration::from_secs(300);

/// The lowest head that has the column it reads.
pub const OWNER_FROM: i64 = 213;

/// Brings the summary up to date; returns how many policies have changed.
///
/// # Errors
/// When the statement fails.
pub async fn summarize(transaction: &Client) -> Result<u64, Error> {
    transaction.execute_typed(include_str!("enforcement_summary/summarize.sql"), &[]).await
}

/// The worker.
#[derive(Debug)]
pub(super) struct EnforcementSummary {
    pause: Duration,
}

impl EnforcementSummary {
    pub(super) fn new(settings: &WorkerSettings) -> Self {
        Self { pause: settings.pause(PAUSE) }
    }
}

impl SingletonWorker for EnforcementSummary {
    fn name(&self) -> &str {
        "enforcement_summary"
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn owner_from(&self) -> i64 {
        OWNER_FROM
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let transaction = tenure.begin().await?;
            summarize(transaction.client()).await?;
            Ok(transaction.commit().await?)
        })
    }
}
