//! A load over time, in stretches of equal width.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{
    outcome::{Outcome, Sample},
    summary::{Latencies, micros, within},
};

/// More stretches than this would be finer than any chart.
const BUCKETS_MAX: u64 = 100_000;

/// Figures of the requests that were due within one stretch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// Its begin, in ms since the start of the load.
    pub start_ms: u64,
    /// Requests due.
    pub requests: u64,
    /// Of these, not successful.
    pub failed: u64,
    /// The failed ones by kind.
    pub failed_by_outcome: BTreeMap<Outcome, u64>,
    /// Latency of the successful ones, in ms; 0 when there is none.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
    /// The same.
    pub max_ms: f64,
}

/// Computes the stretches. `samples` are sorted by the time they were due.
pub(super) fn of(samples: &[Sample], due_for: Duration, width: Duration) -> Vec<Bucket> {
    let width_us = micros(width).max(1);
    let count = micros(due_for).div_ceil(width_us).min(BUCKETS_MAX);
    let mut latencies = Latencies::new();
    let bucket = |index: u64| {
        let start_us = index * width_us;
        let due = within(samples, start_us, start_us + width_us);
        let mut failed_by_outcome = BTreeMap::new();
        latencies.clear();
        for sample in due {
            if sample.outcome.is_ok() {
                latencies.add(sample.latency_us);
            } else {
                *failed_by_outcome.entry(sample.outcome).or_default() += 1;
            }
        }
        Bucket {
            start_ms: start_us / 1000,
            requests: due.len() as u64,
            failed: failed_by_outcome.values().sum(),
            failed_by_outcome,
            p50_ms: latencies.quantile_ms(0.5),
            p99_ms: latencies.quantile_ms(0.99),
            max_ms: latencies.max_ms(),
        }
    };
    (0..count).map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, Sample, of};
    use crate::load::ClientKind;

    #[test]
    fn requests_fall_into_the_stretch_in_which_they_were_due() {
        let sample = |intended_us, outcome| Sample {
            intended_us,
            latency_us: 2_000,
            outcome,
            client: ClientKind::Http2,
            request: 0,
        };
        let samples =
            [sample(0, Outcome::Ok), sample(99_999, Outcome::Ok), sample(100_000, Outcome::Reset)];
        let buckets = of(&samples, Duration::from_millis(250), Duration::from_millis(100));
        let seen: Vec<_> = buckets
            .iter()
            .map(|bucket| (bucket.start_ms, bucket.requests, bucket.failed))
            .collect();
        assert_eq!(seen, [(0, 2, 0), (100, 1, 1), (200, 0, 0)]);
        assert_eq!((buckets[0].p50_ms, buckets[1].p50_ms), (2.0, 0.0));
    }
}
