//! How long an instance waits between two looks: short at first, longer the longer nothing changes, so
//! that twenty waiters of an upgrade of hours ask little of the database.
//!
//! Called by the driver's loop. Figures are multiples of the polling time (200 ms).

use std::time::{Duration, Instant};

/// The longest pause of one that may not serve yet, in polling times: a new pod's readiness.
const NOT_SERVABLE_MAX: u32 = 5;
/// The longest pause of one that serves and waits for the term, in polling times: it is part of the gap
/// that a killed holder leaves.
const WAITING_MAX: u32 = 10;
/// The first and the longest pause where there is nothing to do, in polling times.
const IDLE_MIN: u32 = 10;
/// See [`IDLE_MIN`]. 10 s: a contract step waits for days, and may wait for that.
const IDLE_MAX: u32 = 50;
/// How often one that waits says so; it counts as waiting for three times that.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How often an instance that has nothing to do gets the term for the ledger's housekeeping alone.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);

/// What the pauses depend on.
#[derive(Debug)]
pub(super) struct Patience {
    poll: Duration,
    fruitless: u32,
    asked_at: Option<Instant>,
    tidied_at: Instant,
}

impl Patience {
    pub(super) fn new(poll: Duration) -> Self {
        Self { poll, fruitless: 0, asked_at: None, tidied_at: Instant::now() }
    }

    /// Something was done, or has changed: the next looks come soon.
    pub(super) fn reset(&mut self) {
        self.fruitless = 0;
    }

    /// The pause of one that waits for the term. Grows by half each time.
    pub(super) fn waiting(&mut self, is_servable: bool) -> Duration {
        let max = if is_servable { WAITING_MAX } else { NOT_SERVABLE_MAX };
        self.grown(1).min(self.poll * max)
    }

    /// The pause where there is nothing to do.
    pub(super) fn idle(&mut self) -> Duration {
        self.grown(IDLE_MIN).min(self.poll * IDLE_MAX)
    }

    fn grown(&mut self, first: u32) -> Duration {
        let factor = 1.5_f64.powi(i32::try_from(self.fruitless.min(20)).unwrap_or(20));
        self.fruitless = self.fruitless.saturating_add(1);
        (self.poll * first).mul_f64(factor)
    }

    /// Whether it is time to say that one waits; then it is said.
    pub(super) fn asks(&mut self) -> bool {
        let is_due = self.asked_at.is_none_or(|at| at.elapsed() >= ASK_EVERY);
        if is_due {
            self.asked_at = Some(Instant::now());
        }
        is_due
    }

    /// Whether it is said in the ledger that this one waits; then it is to be taken back.
    pub(super) fn stops_asking(&mut self) -> bool {
        self.asked_at.take().is_some()
    }

    /// Whether the ledger should be tidied by this instance, though there is nothing else to do.
    pub(super) fn tidies(&mut self) -> bool {
        let is_due = self.tidied_at.elapsed() >= TIDY_EVERY;
        if is_due {
            self.tidied_at = Instant::now();
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bounds_and_begin_again() {
        let poll = Duration::from_millis(200);
        let mut patience = Patience::new(poll);
        assert_eq!(patience.waiting(false), poll);
        assert!((0..20).all(|_| patience.waiting(false) <= poll * NOT_SERVABLE_MAX));
        assert_eq!(patience.waiting(true), poll * WAITING_MAX);
        assert_eq!(patience.idle(), poll * IDLE_MAX);
        patience.reset();
        assert_eq!(patience.waiting(true), poll);
    }

    #[test]
    fn waiting_is_said_once_in_a_while() {
        let mut patience = Patience::new(Duration::from_millis(200));
        assert!(patience.asks() && !patience.asks());
        assert!(patience.stops_asking() && !patience.stops_asking());
    }
}
