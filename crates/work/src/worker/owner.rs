//! One worker's loop in one process: acquires it when it may, works unit by unit, hands it over.
//!
//! A unit is begun only while nobody has asked for the worker. A lost tenure drops the unit's future and
//! cancels its statement; one that was asked for and not ended in time is cut, rolled back and handed over.

use super::SingletonWorker;
use super::lease::{self, Grant};
use super::news::Board;
use super::renewal::{Renewals, Signals};
use super::tenure::Tenure;
use crate::error::{Error, chain};
use crate::generation::Member;
use crate::worker::WorkError;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The first pause after a failed unit, if the worker's own is shorter; doubles.
const FAILURE_PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest one.
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Until when units may end, once the process drains.
pub(super) type Drain = watch::Receiver<Option<Instant>>;

/// How a tenure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    HandedOver,
    GivenBack,
    /// Taken over, expired, or stopped where it was.
    Lost,
}

/// How the last tenure before the end of the loop ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    pub(super) ended: Ended,
    /// Its last unit did not end in time.
    pub(super) cut: bool,
}

/// What became of one unit of work.
enum Unit {
    Done(Result<(), WorkError>),
    Cut,
    Lost,
}

pub(super) struct Owner {
    pub(super) member: Member,
    pub(super) worker: Arc<dyn SingletonWorker>,
    pub(super) board: watch::Receiver<Board>,
    pub(super) renewals: Renewals,
    pub(super) drain: Drain,
}

impl Owner {
    /// Ends with the member, or with the drain; says how the tenure ended that the drain met.
    pub(super) async fn run(mut self) -> Option<Last> {
        loop {
            if self.member.stopped().is_cancelled() || self.drain.borrow().is_some() {
                return None;
            }
            let name = self.worker.name();
            let news = self.board.borrow_and_update().get(name).copied();
            if news.is_some_and(|news| news.may_acquire) {
                match lease::acquire(&self.member, name).await {
                    Ok(Some(grant)) => {
                        let last = self.own(grant).await;
                        if self.drain.borrow().is_some() {
                            return Some(last);
                        }
                    }
                    // Somebody else was first; the next look comes soon.
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(worker = name, error = chain(&error), "not acquired");
                    }
                }
            }
            tokio::select! {
                () = self.member.stopped().cancelled() => return None,
                changed = self.board.changed() => if changed.is_err() { return None },
                changed = self.drain.changed() => if changed.is_err() { return None },
            }
        }
    }

    async fn own(&self, grant: Grant) -> Last {
        let signals = Signals { lost: CancellationToken::new(), asked: CancellationToken::new() };
        let registration = self.renewals.hold(&grant, signals.clone());
        let over = CancellationToken::new();
        let _over = over.clone().drop_guard();
        let watcher = Asker {
            board: self.board.clone(),
            drain: self.drain.clone(),
            worker: grant.claim.worker.clone(),
            epoch: grant.claim.epoch,
        };
        tokio::spawn(watcher.run(signals.asked.clone(), over));
        let options = Arc::clone(self.member.options());
        let mut tenure = Tenure::new(grant.claim.clone(), options, signals.asked.clone());
        let mut cut = false;
        let mut failures = 0_u32;
        // Ends when asked, lost, or stopped.
        while !signals.asked.is_cancelled() && self.drain.borrow().is_none() {
            let pause = match self.unit(&mut tenure, &signals).await {
                Unit::Lost => {
                    tenure.cut().await;
                    return Last { ended: Ended::Lost, cut: true };
                }
                Unit::Cut => {
                    tracing::warn!(worker = self.worker.name(), "a unit did not end in time: cut");
                    tenure.cut().await;
                    cut = true;
                    break;
                }
                Unit::Done(outcome) => {
                    tenure.clean().await;
                    if self.is_lost(&outcome) {
                        return Last { ended: Ended::Lost, cut: true };
                    }
                    failures = if outcome.is_ok() { 0 } else { failures.saturating_add(1) };
                    self.pause_after(failures)
                }
            };
            tokio::select! {
                biased;
                () = signals.lost.cancelled() => return Last { ended: Ended::Lost, cut },
                () = self.member.stopped().cancelled() => return Last { ended: Ended::Lost, cut },
                () = signals.asked.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        drop(tenure);
        drop(registration);
        Last { ended: self.hand_over(&grant).await, cut }
    }

    async fn unit(&self, tenure: &mut Tenure, signals: &Signals) -> Unit {
        let turn = AssertUnwindSafe(self.worker.turn(tenure)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            () = signals.lost.cancelled() => return Unit::Lost,
            () = self.member.stopped().cancelled() => return Unit::Lost,
            () = time_is_up(&signals.asked, self.worker.handover(), self.drain.clone()) => {
                return Unit::Cut;
            }
            outcome = turn => outcome,
        };
        let outcome = outcome.unwrap_or_else(|_panic| Err(WorkError::other("it panicked")));
        if let Err(error) = &outcome {
            let error = chain(error);
            tracing::warn!(
                worker = self.worker.name(),
                error,
                "a unit of work failed; trying again"
            );
        }
        Unit::Done(outcome)
    }

    fn is_lost(&self, outcome: &Result<(), WorkError>) -> bool {
        matches!(outcome, Err(WorkError::Engine(Error::TenureLost { worker, .. }))
            if worker == self.worker.name())
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let own = self.worker.pause();
        if failures == 0 {
            return own;
        }
        let doubled = FAILURE_PAUSE_FIRST.saturating_mul(1 << (failures - 1).min(16));
        own.max(doubled.min(FAILURE_PAUSE_MAX))
    }

    async fn hand_over(&self, grant: &Grant) -> Ended {
        let claim = &grant.claim;
        match lease::transfer(&self.member, claim).await {
            Ok(Some(successor)) => {
                tracing::info!(worker = claim.worker, epoch = claim.epoch, %successor, "handed over");
                Ended::HandedOver
            }
            Ok(None) => {
                tracing::info!(worker = claim.worker, epoch = claim.epoch, "given back");
                Ended::GivenBack
            }
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(worker = claim.worker, error, "not handed over: the lease runs out");
                Ended::Lost
            }
        }
    }
}

/// Says to a tenure that it is asked to end: by a successor, or since the process drains.
struct Asker {
    board: watch::Receiver<Board>,
    drain: Drain,
    worker: String,
    epoch: i64,
}

impl Asker {
    async fn run(mut self, asked: CancellationToken, over: CancellationToken) {
        loop {
            let news = self.board.borrow_and_update().get(&self.worker).copied();
            let by_successor = news.is_some_and(|news| news.asked_epoch == Some(self.epoch));
            if by_successor || self.drain.borrow_and_update().is_some() {
                asked.cancel();
                return;
            }
            tokio::select! {
                () = over.cancelled() => return,
                changed = self.board.changed() => if changed.is_err() { return },
                changed = self.drain.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Returns once a unit has had its time after being asked to end.
async fn time_is_up(asked: &CancellationToken, handover: Duration, mut drain: Drain) {
    asked.cancelled().await;
    let by = Instant::now() + handover;
    loop {
        let until = drain.borrow_and_update().map_or(by, |drained| drained.min(by));
        tokio::select! {
            () = tokio::time::sleep_until(until) => return,
            changed = drain.changed() => {
                if changed.is_err() {
                    tokio::time::sleep_until(until).await;
                    return;
                }
            }
        }
    }
}
