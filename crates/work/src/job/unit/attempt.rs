//! One transaction of a unit: the jobs are read, run and finished, or it is said why not.
//!
//! Called by [`super`], which decides what becomes of the jobs. A handler that panics has failed; one that
//! takes too long is cut off, statement and session.

use super::{Ended, Task, Unit};
use crate::error::{Error, chain};
use crate::job::claim::{Claimed, Job};
use crate::job::handler::{JobError, Reconciled};
use crate::job::ledger::{self, Ending};
use crate::job::transaction::JobTransaction;
use futures_util::FutureExt as _;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How a transaction ended.
pub(super) enum Verdict {
    Finished,
    /// Of some of the jobs at least: others have them now, or they are finished already.
    NotMine,
    Failed(JobError),
    StillUnknown,
    GiveBack,
}

impl Unit {
    /// One transaction with these jobs.
    pub(super) async fn attempt(&self, claimed: &[Claimed], ended: &mut Ended) -> Verdict {
        if self.context.cut.is_cancelled() {
            return self.not_called("cut off before it was called");
        }
        let (mut transaction, jobs) = match self.begin(claimed, ended).await {
            Ok(begun) => begun,
            Err(verdict) => return verdict,
        };
        let (limits, jobs) = (self.handler.limits(), jobs.as_slice());
        let work = AssertUnwindSafe(self.work(jobs, &mut transaction)).catch_unwind();
        let outcome = tokio::select! {
            () = self.context.cut.cancelled() => {
                transaction.cut().await;
                return Verdict::GiveBack;
            }
            outcome = tokio::time::timeout(limits.run_max, work) => outcome,
        };
        match outcome {
            Ok(Ok(Ok(Reconciled::Done))) => {
                let finish = transaction.finish(self.context.instance, jobs).await;
                ended.connection = finish.connection;
                match finish.outcome {
                    Ok(()) => Verdict::Finished,
                    Err(error) if ledger::is_not_mine(&error) => {
                        tracing::warn!(error = chain(&error), "refused: rolled back");
                        Verdict::NotMine
                    }
                    Err(error) => Verdict::Failed(JobError::failed(chain(&error))),
                }
            }
            Ok(Ok(not_done)) => {
                ended.connection = transaction.roll_back().await;
                match not_done {
                    Ok(Reconciled::NotDone) => Verdict::Failed(JobError::not_done(
                        "it was not done, says the other side",
                        None,
                    )),
                    Ok(_) => Verdict::StillUnknown,
                    Err(error) => Verdict::Failed(error),
                }
            }
            Ok(Err(panic)) => {
                transaction.cut().await;
                Verdict::Failed(JobError::failed(format!(
                    "the handler panicked: {}",
                    said(&*panic)
                )))
            }
            Err(_elapsed) => {
                transaction.cut().await;
                let limit_ms = limits.run_max.as_millis();
                Verdict::Failed(JobError::failed(format!("it took longer than {limit_ms} ms")))
            }
        }
    }

    /// Reads the jobs and begins; those that are not ours any more are left out.
    async fn begin(
        &self,
        claimed: &[Claimed],
        ended: &mut Ended,
    ) -> Result<(JobTransaction, Vec<Job>), Verdict> {
        let idle_max = self.handler.limits().idle_max;
        let begun = match self.connection(ended).await {
            Ok(connection) => {
                JobTransaction::begin(connection, &self.context, claimed, idle_max).await
            }
            Err(error) => Err(error),
        };
        let (transaction, read) = begun.map_err(|error| self.held_up(&error, ended))?;
        let jobs = match read {
            Ok(jobs) if !jobs.is_empty() => jobs,
            unusable => {
                ended.connection = transaction.roll_back().await;
                return Err(self.unread(unusable.err(), ended));
            }
        };
        let gone = without(claimed, &jobs);
        if !gone.is_empty() {
            let (kind, jobs) = (self.handler.kind(), gone.len());
            tracing::info!(kind, jobs, "not ours any more before they began");
            ended.undelivered.push(Ending::given_back(&gone));
        }
        Ok((transaction, jobs))
    }

    /// Nothing was read that could be run.
    fn unread(&self, error: Option<Error>, ended: &mut Ended) -> Verdict {
        match error {
            None => Verdict::NotMine,
            Some(error) if error.is_retryable() || is_no_member(&error) => {
                self.held_up(&error, ended)
            }
            Some(error) if self.task == Task::Reconcile => {
                tracing::warn!(error = chain(&error), "a job of unknown outcome cannot be read");
                Verdict::StillUnknown
            }
            // Of several one is at fault, most likely, and they are tried one by one. It counts as a failure,
            // or it would be claimed again for ever.
            Some(error) => Verdict::Failed(JobError::not_done(chain(&error), None)),
        }
    }

    /// No transaction is to be had: not the fault of these jobs.
    fn held_up(&self, error: &Error, ended: &mut Ended) -> Verdict {
        tracing::warn!(error = chain(error), "no transaction for a job; it is given back");
        ended.is_held_up = true;
        self.not_called(&chain(error))
    }

    /// The handler was not called. What is marked as called would count as of unknown outcome otherwise.
    fn not_called(&self, why: &str) -> Verdict {
        if self.task == Task::Run && self.handler.limits().at_most_once {
            return Verdict::Failed(JobError::not_done(why, Some(Duration::ZERO)));
        }
        Verdict::GiveBack
    }

    async fn work(
        &self,
        jobs: &[Job],
        transaction: &mut JobTransaction,
    ) -> Result<Reconciled, JobError> {
        match (self.task, jobs) {
            (Task::Reconcile, [job]) => self.handler.reconcile(job, transaction).await,
            _ => self.handler.run(jobs, transaction).await.map(|()| Reconciled::Done),
        }
    }
}

fn is_no_member(error: &Error) -> bool {
    error.sqlstate() == Some(crate::error::SQLSTATE_UNREGISTERED)
}

/// Those that were claimed and are not among what was read.
fn without(claimed: &[Claimed], read: &[Job]) -> Vec<Claimed> {
    if claimed.len() == read.len() {
        return Vec::new();
    }
    let read: HashSet<i64> = read.iter().map(|job| job.id).collect();
    claimed.iter().filter(|job| !read.contains(&job.id)).cloned().collect()
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("something that is no text")
}
