//! The one of a process that claims jobs, begins them, and sees each of them to its end.
//!
//! An actor: it alone owns the lanes, the units that run and the connections, so there is nothing to lock.
//! Started by [`super::part`]. Connections: one to look at the ledger, and one for each unit that runs, of
//! which there are at most as many as `Options::job_connections` says.
//!
//! Invariant: what was claimed is in a lane, in a unit, or in `undelivered`.

mod drain;
mod look;

pub(super) use drain::Drained;

use super::fetch::Fetched;
use super::lane::Lane;
use super::ledger::Ending;
use super::transaction::Context;
use super::unit::{Ended, Unit};
use crate::connection::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

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
}

/// The look that is under way; never, where there is none.
async fn looked(looking: &mut Option<JoinHandle<Fetched>>) -> Result<Fetched, JoinError> {
    match looking {
        Some(looking) => looking.await,
        None => std::future::pending().await,
    }
}
