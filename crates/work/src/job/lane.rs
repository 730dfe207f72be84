//! One kind of job in this process: its handler, what waits here, and how much of it runs.
//!
//! Decides, without I/O, how many jobs to claim and what to begin next. Owned by [`super::fetcher`].

use super::claim::Claimed;
use super::handler::{BATCH_MAX, Handler};
use super::unit::Task;
use std::collections::VecDeque;

/// How many single jobs wait here for each that may run: enough that a claim's round trip is hidden, and
/// not so many that another process could have begun them long ago.
const WAITING_PER_SLOT: usize = 8;

pub(super) struct Lane {
    pub(super) handler: Handler,
    waiting: VecDeque<Claimed>,
    /// Their outcome is unknown; asked one by one.
    unknown: VecDeque<Claimed>,
    running: usize,
    /// There may be jobs of this kind to claim: set by the one that wakes us, by the poll, and by a claim
    /// that got all that it had asked for.
    may_have_more: bool,
}

impl Lane {
    pub(super) fn new(handler: Handler) -> Self {
        Self {
            handler,
            waiting: VecDeque::new(),
            unknown: VecDeque::new(),
            running: 0,
            may_have_more: true,
        }
    }

    /// How many jobs to claim now. Of single jobs nothing while half of what may wait is there: small claims
    /// cost as much as large ones. Of batches always a whole one, as long as no more than one waits: what one
    /// claim has returned is finished quickest together, and the next is there when a unit has ended.
    fn wanted(&self) -> usize {
        match self.handler {
            Handler::One(_) => {
                let target = (self.slots() * WAITING_PER_SLOT).min(BATCH_MAX);
                if self.waiting.len() * 2 > target { 0 } else { target - self.waiting.len() }
            }
            Handler::Batch(_) => {
                let batch = self.handler.batch_max();
                if self.waiting.len() > batch { 0 } else { batch }
            }
        }
    }

    /// As [`Lane::wanted`], and nothing where the last claim said that there is nothing.
    pub(super) fn claimable(&self) -> usize {
        if self.may_have_more { self.wanted() } else { 0 }
    }

    /// There may be jobs, or there are none.
    pub(super) fn may_have_more(&mut self, may: bool) {
        self.may_have_more = may;
    }

    pub(super) fn push(&mut self, job: Claimed, task: Task) {
        match task {
            Task::Run => self.waiting.push_back(job),
            Task::Reconcile => self.unknown.push_back(job),
        }
    }

    /// What may begin now. A suspect (its process has died with it) is alone in its transaction, and so
    /// is what has failed in a batch before.
    pub(super) fn next(&mut self) -> Option<(Task, Vec<Claimed>)> {
        if self.running >= self.slots() {
            return None;
        }
        let (task, jobs) = if let Some(job) = self.unknown.pop_front() {
            (Task::Reconcile, vec![job])
        } else {
            let mut batch = vec![self.waiting.pop_front()?];
            while !batch[0].is_alone
                && batch.len() < self.handler.batch_max()
                && let Some(job) = self.waiting.pop_front_if(|job| !job.is_alone)
            {
                batch.push(job);
            }
            (Task::Run, batch)
        };
        self.running += 1;
        Some((task, jobs))
    }

    pub(super) fn ended(&mut self) {
        self.running -= 1;
    }

    /// Everything that has not begun.
    pub(super) fn take_waiting(&mut self) -> Vec<Claimed> {
        self.waiting.drain(..).chain(self.unknown.drain(..)).collect()
    }

    pub(super) fn waiting_ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.waiting.iter().chain(&self.unknown).map(|job| job.id)
    }

    fn slots(&self) -> usize {
        self.handler.limits().concurrency.max(1)
    }
}
