//! What a release does besides answering: singleton workers, jobs, schedules.
//!
//! A service makes a [`BackgroundBuilder`], adds what it can do, and starts it. Two releases may
//! do so at the same time: the ledger says which of them owns what. Each kind of work is a [`Part`]; the
//! [`Member`] polls the ledger and wakes them.
//!
//! Invariant: nothing is begun before the instance serves, and nothing once it drains. No SQL here: see
//! `worker/`, `job/`, `schedule/`.

use crate::error::{Error, chain};
use crate::generation::{self, DrainReport, Member, Part};
use crate::instance::{Instance, InstanceState};
use crate::job::{BatchJobHandler, Handler, JobHandler, JobQueue, Jobs};
use crate::options::Options;
use crate::schedule::{Schedule, Schedules};
use crate::worker::{SingletonWorker, Workers};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Connections of a member: for its polls, for renewals, and where it listens. A singleton worker has one more.
const MEMBER: usize = 3;
/// Where jobs are claimed; each that runs has one more.
const JOB_LOOK: usize = 1;

/// Collects what a release does in the background.
pub struct BackgroundBuilder {
    options: Arc<Options>,
    instance: Arc<Instance>,
    workers: Vec<Arc<dyn SingletonWorker>>,
    retired: Vec<String>,
    handlers: Vec<Handler>,
    schedules: Vec<Schedule>,
}

impl BackgroundBuilder {
    /// Nothing yet, for a registered instance (`changeover::Changeover::instance`).
    pub fn new(instance: &Arc<Instance>) -> Self {
        Self {
            options: Arc::clone(instance.options()),
            instance: Arc::clone(instance),
            workers: Vec::new(),
            retired: Vec::new(),
            handlers: Vec::new(),
            schedules: Vec::new(),
        }
    }

    /// Adds a worker of which one runs at a time, whatever the number of instances and releases.
    #[must_use]
    pub fn singleton(mut self, worker: impl SingletonWorker) -> Self {
        self.workers.push(Arc::new(worker));
        self
    }

    /// Says that this release has no such worker any more: once the older ones have gone, it is
    /// nobody's, and that is well.
    #[must_use]
    pub fn retired(mut self, name: &str) -> Self {
        self.retired.push(name.to_owned());
        self
    }

    /// Adds a handler of one kind of job.
    #[must_use]
    pub fn job(mut self, handler: impl JobHandler) -> Self {
        self.handlers.push(Handler::One(Arc::new(handler)));
        self
    }

    /// Adds a handler that runs many jobs of a kind in one transaction.
    #[must_use]
    pub fn batch_job(mut self, handler: impl BatchJobHandler) -> Self {
        self.handlers.push(Handler::Batch(Arc::new(handler)));
        self
    }

    /// Adds a schedule, by which jobs are enqueued.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Joins, declares what was added, and starts the loops. Work begins once the instance serves.
    pub async fn start(self) -> Result<Background, Error> {
        self.instance.own_connections().add(self.connections());
        let member = Member::join(Arc::clone(&self.options), Arc::clone(&self.instance)).await?;
        let workers = Workers::new(member.clone(), self.workers, self.retired)?;
        let jobs = Jobs::new(member.clone(), self.handlers)?;
        let schedules = Schedules::new(member.clone(), self.schedules)?;
        let parts: Vec<Arc<dyn Part>> =
            vec![Arc::new(workers), Arc::new(jobs), Arc::new(schedules)];
        for part in &parts {
            part.declare().await?;
        }
        for part in &parts {
            part.start();
        }
        generation::start(&member, parts.clone());
        Ok(Background { member, instance: self.instance, parts })
    }

    /// How many connections all of it has at most.
    fn connections(&self) -> usize {
        let jobs = match self.handlers.len() {
            0 => 0,
            _ => self.options.job_connections.max(1) + JOB_LOOK,
        };
        MEMBER + self.workers.len() + jobs
    }
}

/// Background work that runs. Dropped without [`Background::drain`], everything stops where it is: open
/// transactions are rolled back and the leases run out by themselves.
pub struct Background {
    member: Member,
    instance: Arc<Instance>,
    parts: Vec<Arc<dyn Part>>,
}

impl Background {
    /// For enqueueing jobs.
    pub fn jobs(&self) -> JobQueue {
        JobQueue::new(&self.member.options().app)
    }

    /// Hands over what this process owns, lets units of work that have begun end within `budget`, and
    /// begins nothing new. Says what was cut. To be called after `Changeover::drain` and before
    /// `Changeover::leave`.
    pub async fn drain(&self, budget: Duration) -> DrainReport {
        let until = Instant::now() + budget;
        // The one that drains must not be named as the next owner.
        if self.instance.state() != InstanceState::Draining
            && let Err(error) = self.instance.set_state(InstanceState::Draining).await
        {
            tracing::warn!(error = chain(&error), "could not say that the instance drains");
        }
        self.member.settle_now();
        let reports = join_all(self.parts.iter().map(|part| part.drain(until))).await;
        let mut all = DrainReport::default();
        for report in reports {
            all.add(report);
        }
        self.member.stop();
        all
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.member.stop();
    }
}
