//! What a service writes for a kind of job, and what it says when one was not done. Called by [`super::unit`].

use super::claim::Job;
use super::transaction::JobTransaction;
use futures_util::future::BoxFuture;
use std::error::Error as StdError;
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

/// Why a job was not done, and what is to become of it.
///
/// Does not implement [`std::error::Error`], so that every error can be turned into one by `?`.
#[derive(Debug)]
pub struct JobError {
    pub(super) meaning: Meaning,
    pub(super) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Tried again; of an at-most-once kind: of unknown outcome.
    Failed,
    /// Tried again after this pause, since it is known that nothing was done outside.
    NotDone(Option<Duration>),
    /// Never tried again.
    GivenUp,
}

impl JobError {
    /// It is known that nothing was done outside the database: tried again after `pause`, or after one
    /// that doubles. For an at-most-once kind this is the only failure after which it is.
    pub fn not_done(why: impl Into<String>, pause: Option<Duration>) -> Self {
        Self::new(Meaning::NotDone(pause), why)
    }

    /// It can never be done: a dead letter at once.
    pub fn give_up(why: impl Into<String>) -> Self {
        Self::new(Meaning::GivenUp, why)
    }

    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::new(Meaning::Failed, why)
    }

    /// No text of PostgreSQL holds a NUL: with one, nobody could ever be told.
    fn new(meaning: Meaning, why: impl Into<String>) -> Self {
        Self { meaning, why: why.into().replace('\0', "\u{fffd}") }
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::failed(crate::error::chain(&error))
    }
}
