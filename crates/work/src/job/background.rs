//! What a service calls to have jobs run and enqueued.

use super::handler::{BatchJobHandler, Handler, JobHandler};
use super::queue::JobQueue;
use crate::background::{Background, BackgroundBuilder};
use crate::schedule::Schedule;
use std::sync::Arc;

impl BackgroundBuilder {
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
}

impl Background {
    /// For enqueueing jobs.
    pub fn jobs(&self) -> JobQueue {
        JobQueue::new(&self.member.options().app)
    }
}
