//! What a service writes for a kind of job. Called by [`super::attempt`].

use super::claimed::Job;
use super::error::JobError;
use super::transaction::JobTransaction;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// The bounds of a kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLimits {
    /// After how many failures a job is given up (a dead letter). 20: with pauses that double up to an
    /// hour that is some ten hours.
    pub max_attempts: i32,
    /// After how many processes that died with it a job counts as poison.
    pub max_crashes: i32,
    /// It does something outside the database that must not happen twice: see `docs/jobs.md`.
    pub at_most_once: bool,
    /// How many transactions of this kind a process runs at once.
    pub concurrency: usize,
    /// How long one run may take; then it is rolled back and counts as failed.
    pub run_max: Duration,
    /// How long its transaction may be idle between two statements: the database ends it then, so that
    /// a paused process does not keep its row locks.
    pub idle_max: Duration,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            max_attempts: 20,
            max_crashes: 3,
            at_most_once: false,
            concurrency: 4,
            run_max: Duration::from_secs(300),
            idle_max: Duration::from_secs(60),
        }
    }
}

/// What became of a call outside the database whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// It was done: the job is finished.
    Done,
    /// It was not done: the job is tried again.
    NotDone,
    /// Still not known: asked again later.
    Unknown,
}

/// Runs one kind of job, one job a transaction.
pub trait JobHandler: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &str;

    /// The versions of its payload that this release can run.
    fn versions(&self) -> &[i32];

    /// The bounds.
    fn limits(&self) -> JobLimits {
        JobLimits::default()
    }

    /// Does the job. Its effects go through `transaction`; the runtime finishes the job and commits both
    /// in one round trip. Must not end the transaction itself.
    fn run<'a>(
        &'a self,
        job: &'a Job,
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>>;

    /// For at-most-once kinds: asks the other side what became of a call whose answer was lost.
    fn reconcile<'a>(
        &'a self,
        _job: &'a Job,
        _transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<Reconciled, JobError>> {
        Box::pin(async { Ok(Reconciled::Unknown) })
    }
}

/// Runs one kind of job, many in one transaction: what makes throughput, since what a job costs is
/// mostly its commit. Where the batch fails, each of its jobs is tried by itself.
pub trait BatchJobHandler: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &str;

    /// The versions of its payload that this release can run.
    fn versions(&self) -> &[i32];

    /// The bounds. `at_most_once` is not for batches.
    fn limits(&self) -> JobLimits {
        JobLimits { concurrency: 2, ..JobLimits::default() }
    }

    /// How many jobs at most, 1 to 500.
    fn batch_max(&self) -> usize {
        BATCH_MAX
    }

    /// Does all jobs, or none of them.
    fn run<'a>(
        &'a self,
        jobs: &'a [Job],
        transaction: &'a mut JobTransaction,
    ) -> BoxFuture<'a, Result<(), JobError>>;
}

/// The most jobs of a claim and of a batch. Beyond it a commit costs next to nothing for each job,
/// and a crash would return more.
pub(super) const BATCH_MAX: usize = 500;

/// Either kind of handler.
#[derive(Clone)]
pub(crate) enum Handler {
    One(Arc<dyn JobHandler>),
    Batch(Arc<dyn BatchJobHandler>),
}

impl Handler {
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::One(handler) => handler.kind(),
            Self::Batch(handler) => handler.kind(),
        }
    }

    pub(super) fn versions(&self) -> &[i32] {
        match self {
            Self::One(handler) => handler.versions(),
            Self::Batch(handler) => handler.versions(),
        }
    }

    pub(super) fn limits(&self) -> JobLimits {
        match self {
            Self::One(handler) => handler.limits(),
            Self::Batch(handler) => handler.limits(),
        }
    }

    /// How many jobs one transaction takes.
    pub(super) fn batch_max(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Batch(handler) => handler.batch_max().clamp(1, BATCH_MAX),
        }
    }

    pub(super) async fn run(
        &self,
        jobs: &[Job],
        transaction: &mut JobTransaction,
    ) -> Result<(), JobError> {
        match self {
            Self::Batch(handler) => handler.run(jobs, transaction).await,
            Self::One(handler) => {
                for job in jobs {
                    handler.run(job, transaction).await?;
                }
                Ok(())
            }
        }
    }

    pub(super) async fn reconcile(
        &self,
        job: &Job,
        transaction: &mut JobTransaction,
    ) -> Result<Reconciled, JobError> {
        match self {
            Self::One(handler) => handler.reconcile(job, transaction).await,
            Self::Batch(_) => Ok(Reconciled::Unknown),
        }
    }
}
