//! How long a trivial statement and a commit take, on a connection of their own, against what they took without us.
//!
//! Both their p95 and their median: clients with a commit each after the other do as many as the median allows. Once
//! it is too high for their load they queue among themselves, and no p95 tells that from noise.

use super::{Input, Reading, Seen, ms};
use crate::pace::window::Window;
use std::time::Duration;

/// What is granted beyond the factor. The scheduler of a busy machine gives or takes a millisecond by itself: a base
/// of 0.3 ms would else be exceeded by noise for ever.
const NOISE: Duration = Duration::from_millis(1);
/// The same of a median of sixty probes, which hardly moves by itself.
const NOISE_OF_MEDIAN: Duration = Duration::from_micros(200);
/// How many probes must be known before they say anything: fewer have no 95th of a hundred.
const PROBES_MIN: usize = 10;
/// How much a newer base weighs: a p95 of some fifty probes is itself uncertain.
const NEWER: f64 = 0.5;

/// The probe's two round trips.
#[derive(Debug, Default)]
pub(super) struct Probe {
    statement: Base,
    commit: Base,
}

/// What one of them takes without us; nothing is known before.
#[derive(Clone, Copy, Debug, Default)]
struct Base {
    p50: Option<Duration>,
    p95: Option<Duration>,
}

impl Input for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn learn(&mut self, seen: &Seen<'_>) {
        self.statement.learn(seen.statements);
        self.commit.learn(seen.commits);
    }

    /// Nothing while nobody else is at work: then there is nobody to give way to.
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        if !seen.has_company {
            return None;
        }
        let factor = seen.limits.probe_factor;
        let statement = self.statement.judge("a statement", seen.statements, factor);
        let commit = self.commit.judge("a commit", seen.commits, factor);
        statement.into_iter().chain(commit).max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }
}

impl Base {
    fn learn(&mut self, seen: &Window) {
        self.p50 = newer(self.p50, seen.p50());
        self.p95 = newer(self.p95, seen.p95());
    }

    fn judge(self, what: &str, window: &Window, factor: f64) -> Option<Reading> {
        if window.len() < PROBES_MIN {
            return None;
        }
        let judge = |now: Duration, base: Duration, noise: Duration| {
            let bound = base.mul_f64(factor) + noise;
            let ratio = now.as_secs_f64() / bound.as_secs_f64();
            Reading::of(ratio, format!("{what} takes {} instead of {}", ms(now), ms(base)))
        };
        let slow = judge(window.p95()?, self.p95?, NOISE);
        let usual = judge(window.p50()?, self.p50?, NOISE_OF_MEDIAN);
        [slow, usual].into_iter().max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }
}

fn newer(base: Option<Duration>, seen: Option<Duration>) -> Option<Duration> {
    let Some(now) = seen else { return base };
    Some(base.map_or(now, |base| base.mul_f64(1.0 - NEWER) + now.mul_f64(NEWER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(us: impl Fn(u64) -> u64) -> Window {
        let mut window = Window::new(60);
        (0..60).for_each(|at| window.add(Duration::from_micros(us(at))));
        window
    }

    /// A tenth of the probes takes 3 ms, with and without us, so the p95 says nothing.
    #[test]
    fn a_median_that_rises_is_told_from_a_p95_that_stays() {
        let slow_now_and_then =
            |usual: u64| move |at: u64| if at.is_multiple_of(10) { 3_000 } else { usual };
        let mut base = Base::default();
        base.learn(&window(slow_now_and_then(1_000)));
        let ratio = |usual| {
            let seen = window(slow_now_and_then(usual));
            base.judge("a commit", &seen, 1.3).map(|reading| reading.ratio)
        };
        assert!(ratio(1_000).is_some_and(|ratio| ratio < 1.0));
        assert!(ratio(2_000).is_some_and(|ratio| ratio > 1.0));
        let unknown = Base::default().judge("a commit", &window(|_| 1_000), 1.3);
        assert!(unknown.is_none());
    }
}
