//! One unit of work: a job, or a batch of jobs, and what becomes of them. Its transactions: [`attempt`].
//!
//! Runs as a task of its own, started by [`super::fetcher`], which owns everything that outlives it: what
//! could not be told to the ledger comes back as `undelivered`.

mod attempt;

use super::claim::Claimed;
use super::handler::{Handler, JobError, Meaning};
use super::ledger::{self, Ending};
use super::transaction::{Context, usable};
use crate::connection::Connection;
use crate::error::{Error, chain};
use attempt::Verdict;
use std::sync::Arc;

/// What is done with the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Run,
    /// Their outcome is unknown: the other side is asked.
    Reconcile,
}

/// One unit, before it begins.
pub(super) struct Unit {
    pub(super) handler: Handler,
    pub(super) task: Task,
    pub(super) jobs: Vec<Claimed>,
    pub(super) context: Arc<Context>,
}

/// What is left of a unit.
#[derive(Default)]
pub(super) struct Ended {
    /// For the next unit.
    pub(super) connection: Option<Connection>,
    /// What the ledger could not be told yet.
    pub(super) undelivered: Vec<Ending>,
    /// It could not begin, for no fault of its jobs: claiming more is of no use for a while.
    pub(super) is_held_up: bool,
}

impl Unit {
    pub(super) async fn run(self, connection: Option<Connection>) -> Ended {
        let mut ended = Ended { connection, ..Ended::default() };
        if self.mark(&mut ended).await.is_err() {
            return ended;
        }
        let verdict = self.attempt(&self.jobs, &mut ended).await;
        if let Verdict::Failed(error) = &verdict
            && self.jobs.len() > 1
        {
            // One of them is at fault, and the others must not pay for it.
            tracing::info!(
                kind = self.handler.kind(),
                why = error.why,
                "a batch has failed; one by one"
            );
            for job in &self.jobs {
                let alone = std::slice::from_ref(job);
                let verdict = self.attempt(alone, &mut ended).await;
                self.conclude(alone, verdict, &mut ended).await;
            }
            return ended;
        }
        self.conclude(&self.jobs, verdict, &mut ended).await;
        ended
    }

    /// Before a call that must not be made twice. An error: nothing is to be run.
    async fn mark(&self, ended: &mut Ended) -> Result<(), ()> {
        if self.task != Task::Run || !self.handler.limits().at_most_once {
            return Ok(());
        }
        for job in &self.jobs {
            if let Err(error) = self.mark_one(job, ended).await {
                tracing::warn!(job = job.id, error = chain(&error), "not marked, so not called");
                ended.is_held_up = !ledger::is_not_mine(&error);
                // If it was marked after all, giving it back makes it unknown.
                self.deliver(Ending::given_back(&self.jobs), ended).await;
                return Err(());
            }
        }
        Ok(())
    }

    async fn mark_one(&self, job: &Claimed, ended: &mut Ended) -> Result<(), Error> {
        let connection = self.connection(ended).await?;
        let marked = ledger::mark(&connection.client, self.context.instance, job).await;
        ended.connection = usable(connection);
        marked
    }

    pub(super) async fn connection(&self, ended: &mut Ended) -> Result<Connection, Error> {
        match ended.connection.take() {
            Some(connection) if !connection.client.is_closed() => Ok(connection),
            _ => self.context.open().await,
        }
    }

    async fn conclude(&self, jobs: &[Claimed], verdict: Verdict, ended: &mut Ended) {
        match verdict {
            Verdict::Finished => {}
            // Not all of them may be lost: what is not ours any more is passed over.
            Verdict::NotMine | Verdict::GiveBack | Verdict::StillUnknown => {
                self.deliver(Ending::given_back(jobs), ended).await;
            }
            Verdict::Failed(error) => {
                for job in jobs {
                    tracing::warn!(
                        job = job.id,
                        kind = &*job.kind,
                        why = error.why,
                        "a job has failed"
                    );
                    self.deliver(self.failure(job, &error), ended).await;
                }
            }
        }
    }

    fn failure(&self, job: &Claimed, error: &JobError) -> Ending {
        let is_unknown = self.task == Task::Reconcile || self.handler.limits().at_most_once;
        let (pause, give_up) = match error.meaning {
            // Called, and no answer that says it was not done.
            Meaning::Failed if is_unknown => {
                let (job, attempt) = (job.id, job.attempt);
                return Ending::Unknown { job, attempt, why: error.why.clone() };
            }
            Meaning::Failed => (None, false),
            Meaning::NotDone(pause) => (pause, false),
            Meaning::GivenUp => (None, true),
        };
        Ending::Failed { job: job.id, attempt: job.attempt, why: error.why.clone(), pause, give_up }
    }

    /// Tells the ledger, or leaves it to the fetcher, which tries again.
    async fn deliver(&self, ending: Ending, ended: &mut Ended) {
        // Cut off, the fetcher gives back, so that it can say what.
        if self.context.cut.is_cancelled() {
            ended.undelivered.push(ending);
        } else if let Err(error) = self.tell(&ending, ended).await {
            tracing::debug!(error = chain(&error), "not told to the ledger; trying again later");
            ended.undelivered.push(ending);
        }
    }

    async fn tell(&self, ending: &Ending, ended: &mut Ended) -> Result<(), Error> {
        let connection = self.connection(ended).await?;
        let told = ledger::tell(&connection.client, self.context.instance, ending).await;
        ended.connection = usable(connection);
        told.map(|_returned| ())
    }
}
