//! How wide the windows are in which a lock request may queue, and how far apart.
//!
//! Called by [`super::take`]. A window is felt by all who come while it is open: where a transaction takes a
//! millisecond, 50 ms are an outage. So they follow what one takes here at this moment, and a request that
//! has queued lets everybody through for ten times as long before the next. Both loosen in steps where it starves.
//! Pure but for the pause's jitter; times that had to be waited are given.

use crate::options::LockLimits;
use rand::Rng;
use std::time::Duration;

/// The pause between two `NOWAIT` tries, ± half: short, since nobody waits for us.
const NOWAIT_PAUSE: Duration = Duration::from_millis(5);
/// A pause between two windows is this many times the window, ± half: fewer than one request in ten comes
/// while one is open.
const PAUSE_FACTOR: u32 = 10;
/// The same once it has waited for long: what has formed behind a window still drains before the next.
const PAUSE_FACTOR_STARVING: u32 = 3;

/// The windows of one lock request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    limits: LockLimits,
    /// The widest in ordinary use.
    usual: Duration,
    next: Duration,
}

impl Windows {
    /// `base`: what a transaction takes here now.
    pub(super) fn new(limits: &LockLimits, base: Duration) -> Self {
        let usual = usual(limits, base);
        Self { limits: *limits, usual, next: (usual / 2).max(limits.window_min) }
    }

    /// The next one.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// After one in which it was not to be had; `waited` in all.
    pub(super) fn widen(&mut self, waited: Duration) {
        let cap = if waited >= self.limits.starving_after {
            self.limits.window_cap
        } else if waited >= self.limits.starving_after / 2 {
            self.limits.window_max
        } else {
            self.usual
        };
        self.next = (self.next * 3 / 2).min(cap);
    }
}

/// The widest window in ordinary use, where a transaction takes that long: those under way end within it, and
/// who waits all of it has waited for one transaction more.
fn usual(limits: &LockLimits, base: Duration) -> Duration {
    base.max(limits.window_min * 2).min(limits.window_max)
}

/// How long to let everybody through after a try, without jitter.
fn rest(limits: &LockLimits, window: Option<Duration>, waited: Duration) -> Duration {
    let Some(window) = window else { return NOWAIT_PAUSE };
    let starves = waited >= limits.starving_after / 2;
    window * if starves { PAUSE_FACTOR_STARVING } else { PAUSE_FACTOR }
}

/// Lets everybody through.
pub(super) async fn pause(limits: &LockLimits, window: Option<Duration>, waited: Duration) {
    let factor = rand::rng().random_range(0.5..1.5);
    tokio::time::sleep(rest(limits, window, waited).mul_f64(factor)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// The windows one after the other, each refused, with the pauses between, until `end`.
    fn course(base: Duration, end: Duration) -> Vec<(Duration, Duration)> {
        let mut windows = Windows::new(&LockLimits::default(), base);
        let (mut waited, mut seen) = (Duration::ZERO, Vec::new());
        while waited < end {
            let window = windows.next();
            seen.push((waited, window));
            waited += window;
            windows.widen(waited);
            waited += rest(&windows.limits, Some(window), waited);
        }
        seen
    }

    #[test]
    fn they_follow_the_latency_until_it_starves() {
        let limits = LockLimits::default();
        for base in [Duration::ZERO, MS(1), MS(7), MS(40), MS(3_000)] {
            let usual = usual(&limits, base);
            let seen = course(base, MS(20_000));
            let bounds = limits.window_min..=limits.window_cap;
            assert!(seen.iter().all(|(_, window)| bounds.contains(window)), "{base:?}");
            let early = |(at, _): &&(Duration, Duration)| *at < limits.starving_after / 2;
            assert!(seen.iter().filter(early).all(|(_, window)| *window <= usual), "{base:?}");
            assert_eq!(seen.last().map(|(_, window)| *window), Some(limits.window_cap));
        }
    }

    #[test]
    fn most_of_the_time_nobody_queues_behind_us() {
        let seen = course(MS(1), LockLimits::default().starving_after / 2);
        let open: Duration = seen.iter().map(|(_, window)| *window).sum();
        assert!(open * 9 <= LockLimits::default().starving_after / 2, "{open:?}");
    }
}
