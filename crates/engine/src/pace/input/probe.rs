//! How long a trivial statement and a commit take, on a connection of their own, against what they took without us.

use super::{Input, Reading, Seen, ms};
use crate::pace::window::Window;
use std::time::Duration;

/// What is granted beyond the factor. The scheduler of a busy machine gives or takes a millisecond by itself: a base
/// of 0.3 ms would else be exceeded by noise for ever.
const NOISE: Duration = Duration::from_millis(1);
/// How many probes must be known before they say anything: fewer have no 95th of a hundred.
const PROBES_MIN: usize = 10;
/// How much a newer base weighs: a p95 of some fifty probes is itself uncertain.
const NEWER: f64 = 0.5;

/// The probe's two round trips.
#[derive(Debug, Default)]
pub(super) struct Probe {
    statement: Option<Duration>,
    commit: Option<Duration>,
}

impl Input for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn learn(&mut self, seen: &Seen<'_>) {
        self.statement = newer(self.statement, seen.statements);
        self.commit = newer(self.commit, seen.commits);
    }

    /// Nothing while nobody else is at work: then there is nobody to give way to.
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        if !seen.has_company {
            return None;
        }
        let factor = seen.limits.probe_factor;
        let statement = judge("a statement", seen.statements, self.statement?, factor);
        let commit = judge("a commit", seen.commits, self.commit?, factor);
        statement.into_iter().chain(commit).max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }
}

fn newer(base: Option<Duration>, seen: &Window) -> Option<Duration> {
    let now = seen.p95()?;
    Some(base.map_or(now, |base| base.mul_f64(1.0 - NEWER) + now.mul_f64(NEWER)))
}

fn judge(what: &str, window: &Window, base: Duration, factor: f64) -> Option<Reading> {
    if window.len() < PROBES_MIN {
        return None;
    }
    let now = window.p95()?;
    let bound = base.mul_f64(factor) + NOISE;
    let ratio = now.as_secs_f64() / bound.as_secs_f64();
    Some(Reading::of(ratio, format!("{what} takes {} instead of {}", ms(now), ms(base))))
}
