//! Figures of one window of a load.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::outcome::{ClientKind, Outcome, Sample};

/// A stretch of a load, as times since its start; `to` is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its begin.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
}

impl Window {
    /// Whether a moment is within it.
    pub fn holds(&self, at: Duration) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// Who waits longer than this notices: what is answered later counts as waited.
pub const WAITED_FROM_MS: u64 = 100;

/// Figures of the requests that were due within a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Requests due.
    pub requests: u64,
    /// Of these, not successful.
    pub failed: u64,
    /// Of the failed ones, those that were told to come again (503).
    pub turned_away: u64,
    /// Of the successful ones, those that took longer than [`WAITED_FROM_MS`].
    pub waited: u64,
    /// The failed ones by kind.
    pub failed_by_outcome: BTreeMap<Outcome, u64>,
    /// Requests due by kind of client.
    pub requests_by_client: BTreeMap<ClientKind, u64>,
    /// The failed ones by kind of client.
    pub failed_by_client: BTreeMap<ClientKind, u64>,
    /// Latency of the successful requests, from when they were due, in ms.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
    /// The same.
    pub p99_9_ms: f64,
    /// The same.
    pub max_ms: f64,
    /// The longest outage in ms: the longest stretch of the window in which no request was completed
    /// with success although one was due or under way.
    ///
    /// Stretches are bounded by completions of successful requests and by the ends of the window.
    /// A stretch at the window's end, after the last completion, counts only if a request that was
    /// due in the window had not succeeded by then. At a low rate the spacing of requests is part
    /// of it: a healthy service at 100 requests per second shows 10 to 20 ms.
    pub outage_ms_max: f64,
}

/// Latencies of successful requests, exact to three digits.
pub(super) struct Latencies(Option<Histogram<u64>>);

impl Latencies {
    pub(super) fn new() -> Latencies {
        // These bounds are always valid; without a histogram all figures would be 0.
        Latencies(Histogram::new_with_bounds(1, u64::from(u32::MAX), 3).ok())
    }

    pub(super) fn add(&mut self, latency_us: u32) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::from(latency_us));
        }
    }

    pub(super) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.as_ref().map_or(0.0, |histogram| ms(histogram.value_at_quantile(quantile)))
    }

    pub(super) fn max_ms(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |histogram| ms(histogram.max()))
    }

    pub(super) fn clear(&mut self) {
        if let Some(histogram) = &mut self.0 {
            histogram.reset();
        }
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// Computes the figures. `samples` are sorted by the time they were due.
pub(super) fn of(samples: &[Sample], window: Window) -> Summary {
    let (from, to) = (micros(window.from), micros(window.to));
    let mut summary = Summary::default();
    let mut latencies = Latencies::new();
    for sample in within(samples, from, to) {
        summary.requests += 1;
        *summary.requests_by_client.entry(sample.client).or_default() += 1;
        if sample.outcome.is_ok() {
            latencies.add(sample.latency_us);
            summary.waited += u64::from(u64::from(sample.latency_us) > WAITED_FROM_MS * 1_000);
        } else {
            summary.failed += 1;
            summary.turned_away += u64::from(sample.outcome == Outcome::TurnedAway);
            *summary.failed_by_outcome.entry(sample.outcome).or_default() += 1;
            *summary.failed_by_client.entry(sample.client).or_default() += 1;
        }
    }
    summary.p50_ms = latencies.quantile_ms(0.5);
    summary.p99_ms = latencies.quantile_ms(0.99);
    summary.p99_9_ms = latencies.quantile_ms(0.999);
    summary.max_ms = latencies.max_ms();
    summary.outage_ms_max = ms(longest_outage_us(samples, from, to));
    summary
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn within(samples: &[Sample], from: u64, to: u64) -> &[Sample] {
    let begin = samples.partition_point(|sample| sample.intended_us < from);
    let end = samples.partition_point(|sample| sample.intended_us < to);
    &samples[begin..end.max(begin)]
}

/// See [`Summary::outage_ms_max`].
fn longest_outage_us(samples: &[Sample], from: u64, to: u64) -> u64 {
    // Requests due before the window may be completed within it.
    let due = &samples[..samples.partition_point(|sample| sample.intended_us < to)];
    let mut completed: Vec<u64> = due
        .iter()
        .filter(|sample| sample.outcome.is_ok())
        .map(Sample::completed_us)
        .filter(|at| (from..to).contains(at))
        .collect();
    completed.sort_unstable();
    let (mut last, mut longest) = (from, 0);
    for at in completed {
        longest = longest.max(at - last);
        last = at;
    }
    let unserved = within(samples, from, to)
        .iter()
        .any(|sample| !(sample.outcome.is_ok() && sample.completed_us() <= last));
    if unserved { longest.max(to.saturating_sub(last)) } else { longest }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Sample, Window, of};
    use crate::load::{ClientKind, Outcome};

    fn sample(intended_ms: u64, latency_ms: u32, outcome: Outcome) -> Sample {
        Sample {
            intended_us: intended_ms * 1000,
            latency_us: latency_ms * 1000,
            outcome,
            client: ClientKind::KeepAlive,
            request: 0,
        }
    }

    fn window(from_ms: u64, to_ms: u64) -> Window {
        Window { from: Duration::from_millis(from_ms), to: Duration::from_millis(to_ms) }
    }

    /// 100 requests, one every 10 ms, each taking 1 ms; those due from 300 ms on to 499 ms fail.
    fn outage() -> Vec<Sample> {
        (0..100)
            .map(|index| {
                let intended_ms = index * 10;
                let down = (300..500).contains(&intended_ms);
                sample(intended_ms, 1, if down { Outcome::Refused } else { Outcome::Ok })
            })
            .collect()
    }

    #[test]
    fn an_outage_lasts_from_success_to_success() {
        let summary = of(&outage(), window(0, 1000));
        assert_eq!((summary.requests, summary.failed), (100, 20));
        assert_eq!(summary.failed_by_outcome[&Outcome::Refused], 20);
        // From 291 ms, when the last one before it was answered, to 501 ms.
        assert_eq!(summary.outage_ms_max, 210.0);
    }

    #[test]
    fn an_outage_is_cut_at_the_ends_of_the_window() {
        assert_eq!(of(&outage(), window(400, 1000)).outage_ms_max, 101.0);
        assert_eq!(of(&outage(), window(0, 450)).outage_ms_max, 159.0);
        assert_eq!(of(&outage(), window(600, 1000)).outage_ms_max, 10.0);
    }

    #[test]
    fn a_stall_is_an_outage_and_counts_in_full_for_all_who_waited() {
        // A closed loop would have sent one request during the stall of 100 ms; open loop has ten.
        let mut samples: Vec<Sample> =
            (0..100).map(|index| sample(index * 10, 1, Outcome::Ok)).collect();
        for sample in &mut samples[50..60] {
            sample.latency_us = u32::try_from(600_000 - sample.intended_us).unwrap();
        }
        let summary = of(&samples, window(0, 1000));
        assert_eq!(summary.failed, 0);
        assert_eq!(summary.outage_ms_max, 109.0);
        assert!((summary.max_ms - 100.0).abs() < 0.1, "{}", summary.max_ms);
        assert!(summary.p99_ms > 89.0, "{}", summary.p99_ms);
        assert!(summary.p50_ms < 2.0);
    }

    #[test]
    fn nothing_due_is_no_outage() {
        assert_eq!(of(&[], window(0, 1000)).outage_ms_max, 0.0);
    }
}
