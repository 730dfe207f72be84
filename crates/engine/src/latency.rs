//! How long a service's requests take: recorded where they are answered, reported once a second.
//!
//! Knows no framework: a middleware calls [`LatencyRecorder::record`] with what it has measured. Recording is one
//! atomic addition, so it costs a request nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets for a doubling: each is 9 of a hundred wide, closer than a p95 of a second's requests is known.
const PER_DOUBLING: u32 = 8;
/// From 0.1 ms (bucket 0) by twenty doublings to a hundred seconds; what is beyond counts as that.
const BUCKETS: usize = 20 * PER_DOUBLING as usize + 1;
const LEAST_S: f64 = 0.0001;

/// Durations of a while, counted in buckets on a logarithmic scale.
#[derive(Debug)]
pub struct LatencyRecorder {
    counts: [AtomicU64; BUCKETS],
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; BUCKETS] }
    }
}

impl LatencyRecorder {
    /// Notes a request that took `took`.
    pub fn record(&self, took: Duration) {
        let doublings = (took.as_secs_f64() / LEAST_S).max(1.0).log2() * f64::from(PER_DOUBLING);
        // Within the buckets, so nothing is lost.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 160"
        )]
        let bucket = (doublings.ceil() as usize).min(BUCKETS - 1);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// The duration that 95 of a hundred requests since the last call did not exceed; `None` without any.
    pub fn take_p95(&self) -> Option<Duration> {
        let counts: Vec<u64> =
            self.counts.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let rank = (total * 95).div_ceil(100);
        let mut below = 0;
        let bucket = counts.iter().position(|count| {
            below += count;
            below >= rank.max(1)
        })?;
        let doublings = f64::from(u32::try_from(bucket).ok()?) / f64::from(PER_DOUBLING);
        Some(Duration::from_secs_f64(LEAST_S * doublings.exp2()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_p95_is_right_within_a_bucket_and_taken_once() {
        let recorder = LatencyRecorder::default();
        assert!(recorder.take_p95().is_none());
        (1..=100).for_each(|ms| recorder.record(Duration::from_millis(ms)));
        let p95 = recorder.take_p95().unwrap().as_secs_f64();
        assert!((0.095..0.105).contains(&p95), "{p95}");
        assert!(recorder.take_p95().is_none(), "taken");
        recorder.record(Duration::ZERO);
        recorder.record(Duration::from_secs(1_000_000));
        assert!(recorder.take_p95().unwrap() > Duration::from_secs(90));
    }
}
