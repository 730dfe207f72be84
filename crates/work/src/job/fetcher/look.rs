//! When a fetcher looks at the ledger, and what it does with what a look brings.
//!
//! One look at a time, in a task of its own; a wake that comes meanwhile makes the next one follow soon.

use super::{ERROR_PAUSE, Fetcher};
use crate::error::chain;
use crate::job::fetch::{Fetch, Fetched};
use crate::job::lane::Lane;
use crate::job::ledger::Ending;
use crate::job::unit::Task;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::Instant;

/// Between two claims of which the last found less than it asked for: jobs that are enqueued one by one
/// are claimed some at a time.
const SHORT_PAUSE: Duration = Duration::from_millis(2);
/// A claim whose answer was lost can still be committed within its own bounds (5 s each for the statement
/// and for idling, see `claim.rs`); after this long it cannot, and what it has claimed is given back.
const LOST_CLAIM_WAIT: Duration = Duration::from_secs(11);
impl Fetcher {
    /// There may be jobs of any kind.
    pub(super) fn woken(&mut self) {
        // What is enqueued meanwhile, the look that is under way may not have seen.
        self.is_woken_while_looking |= self.looking.is_some();
        if self.lanes.iter().all(|lane| lane.claimable() == 0) {
            self.look_at = Instant::now() + SHORT_PAUSE;
        }
        self.lanes.iter_mut().for_each(|lane| lane.may_have_more(true));
    }

    /// When to look next, if nothing happens before.
    pub(super) fn next_look(&self) -> Instant {
        // The look that is under way wakes us.
        if self.looking.is_some() {
            return Instant::now() + self.context.options.timing.poll;
        }
        let mut next = self.poll_at;
        if self.lanes.iter().any(|lane| lane.claimable() > 0) {
            next = next.min(self.look_at.max(self.claim_not_before));
        }
        next.max(Instant::now() + Duration::from_micros(100))
    }

    /// Looks at the ledger where that is due: claims, polls, gives back.
    pub(super) fn look_if_due(&mut self) {
        let now = Instant::now();
        let polls = now >= self.poll_at;
        let may_claim = now >= self.claim_not_before;
        let wants =
            may_claim && now >= self.look_at && self.lanes.iter().any(|lane| lane.claimable() > 0);
        if self.looking.is_some() || !(polls || wants) {
            return;
        }
        if polls {
            self.poll_at = now + self.context.options.timing.poll;
            self.lanes.iter_mut().for_each(|lane| lane.may_have_more(true));
        }
        let wanting = self.lanes.iter().filter(|lane| may_claim && lane.claimable() > 0);
        let limits = wanting.map(|lane| {
            (lane.handler.kind().to_owned(), i32::try_from(lane.claimable()).unwrap_or(i32::MAX))
        });
        let fetch = Fetch {
            context: Arc::clone(&self.context),
            connection: self.look_connection.take(),
            undelivered: std::mem::take(&mut self.undelivered),
            known: self.sweep_at.filter(|at| now >= *at).map(|_| self.known()),
            tend: polls,
            ask_unknown: polls && self.lanes.iter().any(|lane| lane.handler.limits().at_most_once),
            limits: limits.collect(),
        };
        self.is_woken_while_looking = false;
        self.looking = Some(tokio::spawn(fetch.run()));
    }

    /// Everything that we know to be claimed.
    fn known(&self) -> Vec<i64> {
        let waiting = self.lanes.iter().flat_map(Lane::waiting_ids);
        let running = self.begun.values().flat_map(|begun| begun.ending.ids().iter().copied());
        let undelivered = self.undelivered.iter().flat_map(|ending| ending.ids().iter().copied());
        waiting.chain(running).chain(undelivered).collect()
    }

    /// Takes in what a look has brought.
    pub(super) fn looked(&mut self, fetched: Result<Fetched, JoinError>) {
        self.looking = None;
        let now = Instant::now();
        let Ok(fetched) = fetched else {
            // It panicked: the sweep finds what it had claimed.
            self.sweep_at = Some(now + LOST_CLAIM_WAIT);
            self.claim_not_before = now + ERROR_PAUSE;
            return;
        };
        self.look_connection = fetched.connection;
        self.undelivered.extend(fetched.undelivered);
        if fetched.swept {
            self.sweep_at = None;
        }
        if fetched.is_claim_lost {
            self.sweep_at = Some(now + LOST_CLAIM_WAIT);
        }
        if let Some(error) = &fetched.error {
            tracing::warn!(error = chain(error), "the queue was not read; trying again");
            self.claim_not_before = now + ERROR_PAUSE;
        }
        self.look_at = now;
        if self.is_woken_while_looking {
            self.look_at += SHORT_PAUSE;
        } else {
            // The one that enqueues wakes us, and so does the poll.
            let exhausted =
                |lane: &Lane| fetched.exhausted.iter().any(|k| k == lane.handler.kind());
            for lane in self.lanes.iter_mut().filter(|lane| exhausted(lane)) {
                lane.may_have_more(false);
            }
        }
        for (jobs, task) in [(fetched.jobs, Task::Run), (fetched.unknown, Task::Reconcile)] {
            for job in jobs {
                match self.lanes.iter_mut().find(|lane| lane.handler.kind() == &*job.kind) {
                    Some(lane) => lane.push(job, task),
                    None => self.undelivered.push(Ending::given_back(&[job])),
                }
            }
        }
    }
}
