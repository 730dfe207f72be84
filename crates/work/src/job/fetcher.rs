//! The one of a process that claims jobs, begins them, and sees each of them to its end.
//!
//! An actor: it alone owns the lanes, the units that run and the connections, so there is nothing to lock.
//! Started by [`super::part`]. Connections: one to look at the ledger, and one for each unit that runs, of
//! which there are at most as many as `Options::job_connections` says.
//!
//! Invariant: what was claimed is in a lane, in a unit, or in `undelivered`.

mod drain;

pub(super) use drain::Drained;

use super::fetch::{Fetch, Fetched};
use super::lane::Lane;
use super::ledger::Ending;
use super::transaction::Context;
use super::unit::{Ended, Task, Unit};
use crate::connection::Connection;
use crate::error::chain;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two claims of which the last found less than it asked for: jobs that are enqueued one by one
/// are claimed some at a time.
const SHORT_PAUSE: Duration = Duration::from_millis(2);
/// A claim whose answer was lost can still be committed within its own bounds (5 s each for the statement
/// and for idling, see `claim.rs`); after this long it cannot, and what it has claimed is given back.
const LOST_CLAIM_WAIT: Duration = Duration::from_secs(11);
/// After an error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// A unit that runs, as its end must be told even if its task panics.
pub(super) struct Begun {
    lane: usize,
    pub(super) ending: Ending,
    pub(super) kind: String,
    pub(super) since: Instant,
}

/// A request to stop, and where to say what was found.
pub(super) struct Drain {
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Drained>,
}

pub(super) struct Fetcher {
    pub(super) context: Arc<Context>,
    pub(super) lanes: Vec<Lane>,
    connections_max: usize,
    pub(super) units: JoinSet<Ended>,
    pub(super) begun: HashMap<Id, Begun>,
    idle: Vec<Connection>,
    pub(super) looking: Option<JoinHandle<Fetched>>,
    pub(super) look_connection: Option<Connection>,
    pub(super) undelivered: Vec<Ending>,
    sweep_at: Option<Instant>,
    look_at: Instant,
    is_woken_while_looking: bool,
    /// After an error nobody's wake makes us claim before this.
    claim_not_before: Instant,
    poll_at: Instant,
    /// Which lane is first to begin: each in its turn.
    turn: usize,
}

impl Fetcher {
    pub(super) fn new(context: Arc<Context>, lanes: Vec<Lane>) -> Self {
        let connections_max = context.options.job_connections.max(1);
        let now = Instant::now();
        Self {
            context,
            lanes,
            connections_max,
            units: JoinSet::new(),
            begun: HashMap::new(),
            idle: Vec::new(),
            looking: None,
            look_connection: None,
            undelivered: Vec::new(),
            sweep_at: None,
            look_at: now,
            is_woken_while_looking: false,
            claim_not_before: now,
            poll_at: now,
            turn: 0,
        }
    }

    /// Until it is asked to drain, or stopped.
    pub(super) async fn run(
        mut self,
        mut wakes: watch::Receiver<()>,
        stopped: CancellationToken,
        mut drains: oneshot::Receiver<Drain>,
    ) {
        loop {
            self.begin_units();
            self.look_if_due();
            let next = self.next_look();
            tokio::select! {
                drain = &mut drains => {
                    if let Ok(drain) = drain {
                        self.drain(drain).await;
                    }
                    return;
                }
                () = stopped.cancelled() => return,
                Some(ended) = self.units.join_next_with_id() => self.unit_ended(ended),
                fetched = looked(&mut self.looking) => self.looked(fetched),
                woken = wakes.changed() => {
                    if woken.is_err() {
                        return;
                    }
                    self.woken();
                }
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    fn begin_units(&mut self) {
        for _ in 0..self.lanes.len() {
            let lane = self.turn % self.lanes.len();
            self.turn = lane + 1;
            while self.units.len() < self.connections_max
                && let Some((task, jobs)) = self.lanes[lane].next()
            {
                let handler = self.lanes[lane].handler.clone();
                let begun = Begun {
                    lane,
                    ending: Ending::given_back(&jobs),
                    kind: handler.kind().to_owned(),
                    since: Instant::now(),
                };
                let unit = Unit { handler, task, jobs, context: Arc::clone(&self.context) };
                let connection = self.idle.pop();
                let id = self.units.spawn(unit.run(connection)).id();
                self.begun.insert(id, begun);
            }
        }
    }

    /// There may be jobs of any kind.
    fn woken(&mut self) {
        // What is enqueued meanwhile, the look that is under way may not have seen.
        self.is_woken_while_looking |= self.looking.is_some();
        if self.lanes.iter().all(|lane| lane.claimable() == 0) {
            self.look_at = Instant::now() + SHORT_PAUSE;
        }
        self.lanes.iter_mut().for_each(|lane| lane.may_have_more(true));
    }

    pub(super) fn unit_ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, Some(ended)),
            Err(error) => (error.id(), None),
        };
        let Some(begun) = self.begun.remove(&id) else { return };
        self.lanes[begun.lane].ended();
        match ended {
            Some(ended) => {
                self.undelivered.extend(ended.undelivered);
                self.idle.extend(ended.connection);
                if ended.is_held_up {
                    self.claim_not_before = Instant::now() + ERROR_PAUSE;
                }
            }
            // Handlers' panics are caught: this one is ours.
            None => {
                self.claim_not_before = Instant::now() + ERROR_PAUSE;
                self.undelivered.push(begun.ending);
            }
        }
    }

    fn next_look(&self) -> Instant {
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

    fn look_if_due(&mut self) {
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

    pub(super) fn looked(&mut self, fetched: Result<Fetched, JoinError>) {
        self.looking = None;
        let now = Instant::now();
        let Ok(fetched) = fetched else {
            // It panicked: whatever it had claimed is found by the sweep.
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

/// The look that is under way; never, where there is none.
async fn looked(looking: &mut Option<JoinHandle<Fetched>>) -> Result<Fetched, JoinError> {
    match looking {
        Some(looking) => looking.await,
        None => std::future::pending().await,
    }
}
