//! Prolongs all leases of a process, on a connection of its own: work must not delay it.
//!
//! Each lease is prolonged every third of its time. By the monotonic clock, counted from when the last
//! good renewal was sent, a holder stops by itself before the lease ends.

use super::lease::{Claim, Grant, joined};
use crate::connection::Purpose;
use crate::error::{Error, chain};
use crate::fence::usable;
use crate::generation::{Control, Member};
use changeover_ledger::number::milliseconds;
use futures_util::future::join_all;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const RENEW: &str = "SELECT successor FROM changeover.renew_v1($1, $2, $3, $4)";

/// For how long the loop sleeps where nothing is held.
const IDLE_PAUSE: Duration = Duration::from_secs(60);

/// What renewal says to an owner.
#[derive(Clone)]
pub(super) struct Signals {
    /// The worker is somebody else's, or can no longer be known to be ours.
    pub(super) lost: CancellationToken,
    /// A successor waits.
    pub(super) asked: CancellationToken,
}

struct Held {
    claim: Claim,
    good: Instant,
    due: Instant,
    signals: Signals,
}

#[derive(Clone)]
pub(super) struct Renewals(Arc<Inner>);

struct Inner {
    member: Member,
    control: Control,
    lease: Duration,
    held: Mutex<HashMap<String, Held>>,
    changed: Notify,
}

/// A lease is renewed while this lives.
pub(super) struct Registration {
    renewals: Renewals,
    worker: String,
    epoch: i64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.renewals.with(|held| {
            if held.get(&self.worker).is_some_and(|lease| lease.claim.epoch == self.epoch) {
                held.remove(&self.worker);
            }
        });
    }
}

impl Renewals {
    pub(super) fn new(member: Member) -> Self {
        let lease = member.options().timing.lease;
        // A renewal that hangs leaves time for two more.
        let control = Control::new(Arc::clone(member.options()), Purpose::Service, lease / 4);
        let held = Mutex::new(HashMap::new());
        Self(Arc::new(Inner { member, control, lease, held, changed: Notify::new() }))
    }

    /// Renews this lease from now on.
    pub(super) fn hold(&self, grant: &Grant, signals: Signals) -> Registration {
        let lease = Held {
            claim: grant.claim.clone(),
            good: grant.sent,
            due: grant.sent + self.0.lease / 3,
            signals,
        };
        let (worker, epoch) = (grant.claim.worker.clone(), grant.claim.epoch);
        self.with(|held| held.insert(worker.clone(), lease));
        self.0.changed.notify_one();
        Registration { renewals: self.clone(), worker, epoch }
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Held>) -> T) -> T {
        change(&mut self.0.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Until the member stops: then leases run out by themselves.
    pub(super) async fn run(self) {
        let stopped = self.0.member.stopped().clone();
        loop {
            self.end_overdue();
            let now = Instant::now();
            let due: Vec<Claim> = self.with(|held| {
                held.values().filter(|l| l.due <= now).map(|l| l.claim.clone()).collect()
            });
            if !due.is_empty() {
                tokio::select! {
                    () = stopped.cancelled() => return,
                    () = self.renew_all(&due) => {}
                }
                continue;
            }
            let wake = self.next().unwrap_or(now + IDLE_PAUSE);
            tokio::select! {
                () = stopped.cancelled() => return,
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    /// When something is to be done next: a renewal, or a lease that is given up.
    fn next(&self) -> Option<Instant> {
        let usable = usable(self.0.lease);
        self.with(|held| held.values().map(|l| l.due.min(l.good + usable)).min())
    }

    fn end_overdue(&self) {
        let usable = usable(self.0.lease);
        self.with(|held| {
            held.retain(|worker, lease| {
                let over = lease.good.elapsed() >= usable;
                if over {
                    tracing::warn!(
                        worker,
                        epoch = lease.claim.epoch,
                        "not renewed in time: stopping"
                    );
                    lease.signals.lost.cancel();
                }
                !over
            });
        });
    }

    /// Bounded by the lease that ends first, so that none is given up too late.
    async fn renew_all(&self, due: &[Claim]) {
        let sent = Instant::now();
        let usable = usable(self.0.lease);
        let limit = self
            .with(|held| held.values().map(|l| usable.saturating_sub(l.good.elapsed())).min())
            .unwrap_or(usable);
        let renewed = join_all(due.iter().map(|claim| self.renew(claim)));
        match tokio::time::timeout(limit, renewed).await {
            Ok(outcomes) => {
                for (claim, outcome) in due.iter().zip(outcomes) {
                    self.note(claim, sent, outcome);
                }
            }
            Err(_elapsed) => self.with(|held| {
                for lease in held.values_mut() {
                    lease.due = sent + limit + self.0.lease / 20;
                }
            }),
        }
    }

    /// `None`: it is not ours any more. `Some(successor)` otherwise.
    async fn renew(&self, claim: &Claim) -> Result<Option<Option<Uuid>>, Error> {
        let lease_ms = milliseconds(self.0.lease);
        let called = self
            .0
            .control
            .call(
                "renewing a worker's lease",
                RENEW,
                &[
                    (&claim.instance, Type::UUID),
                    (&claim.worker, Type::TEXT),
                    (&claim.epoch, Type::INT8),
                    (&lease_ms, Type::INT8),
                ],
            )
            .await;
        Ok(joined(&self.0.member, called)?.first().map(|row| row.get(0)))
    }

    fn note(&self, claim: &Claim, sent: Instant, outcome: Result<Option<Option<Uuid>>, Error>) {
        self.with(|held| {
            let Some(lease) = held.get_mut(&claim.worker) else { return };
            if lease.claim.epoch != claim.epoch {
                return;
            }
            match outcome {
                Ok(Some(successor)) => {
                    lease.good = sent;
                    lease.due = sent + self.0.lease / 3;
                    if successor.is_some_and(|successor| successor != claim.instance) {
                        lease.signals.asked.cancel();
                    }
                }
                Ok(None) => {
                    tracing::warn!(worker = claim.worker, epoch = claim.epoch, "taken over");
                    lease.signals.lost.cancel();
                    held.remove(&claim.worker);
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(worker = claim.worker, error, "lease not renewed; trying again");
                    lease.due = Instant::now() + self.0.lease / 20;
                }
            }
        });
    }
}
