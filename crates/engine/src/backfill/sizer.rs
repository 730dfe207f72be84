//! How many rows the next batch takes, so that a batch takes its target time.

use crate::options::Pace;
use std::time::Duration;

/// A batch never gets smaller for the time it takes: below this the round trips alone take the time.
/// Only batches that fail get smaller, down to one row.
const ROWS_MIN: u32 = 16;
/// Growth and shrinkage of one step: fast enough to follow, slow enough not to swing.
const GROWTH_MAX: f64 = 1.5;
const SHRINKAGE_MAX: f64 = 0.4;

/// Follows the time that batches take.
#[derive(Clone, Debug)]
pub(crate) struct Sizer {
    rows: u32,
    rows_min: u32,
    rows_max: u32,
}

impl Sizer {
    /// Starts with the pace's first size.
    pub(crate) fn new(pace: &Pace) -> Self {
        Self {
            rows: pace.batch_rows_first.clamp(ROWS_MIN, pace.batch_rows_max.max(ROWS_MIN)),
            rows_min: ROWS_MIN,
            rows_max: pace.batch_rows_max.max(ROWS_MIN),
        }
    }

    /// Rows that the next batch should take.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Learns from a batch of `rows` that took `took`, where it should have taken `target`. `asked` is how
    /// many it should have had when its range was found, which may be a batch ago.
    pub(crate) fn learn(&mut self, took: Duration, rows: u64, asked: u32, target: Duration) {
        // A batch cut short by the end of the table says nothing about full ones.
        if rows < u64::from(asked) {
            return;
        }
        let factor = target.as_secs_f64() / took.as_secs_f64().max(1e-6);
        let next = f64::from(asked) * factor.clamp(SHRINKAGE_MAX, GROWTH_MAX);
        // The clamp keeps the value within u32.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let next = next.ceil().clamp(f64::from(self.rows_min), f64::from(self.rows_max)) as u32;
        self.rows = next;
        if next >= ROWS_MIN {
            self.rows_min = ROWS_MIN;
        }
    }

    /// Learns from a batch that failed with `rows` rows: half as many.
    pub(crate) fn halve(&mut self, rows: u64) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).min(self.rows);
        self.rows = (rows / 2).max(1);
        self.rows_min = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(50);

    #[test]
    fn follows_the_target_within_bounds() {
        let pace = Pace::default();
        let mut sizer = Sizer::new(&pace);
        for _ in 0..40 {
            sizer.learn(Duration::from_millis(1), 1_000_000, sizer.rows(), TARGET);
        }
        assert_eq!(sizer.rows(), pace.batch_rows_max);
        for _ in 0..40 {
            sizer.learn(Duration::from_secs(5), 1_000_000, sizer.rows(), TARGET);
        }
        assert_eq!(sizer.rows(), ROWS_MIN);
        sizer.learn(Duration::from_millis(1), 3, sizer.rows(), TARGET);
        assert_eq!(sizer.rows(), ROWS_MIN);
    }

    #[test]
    fn failures_halve_down_to_one_row_and_growth_goes_on_from_there() {
        let mut sizer = Sizer::new(&Pace::default());
        sizer.halve(60);
        assert_eq!(sizer.rows(), 30, "of the rows that there were");
        for _ in 0..10 {
            sizer.halve(u64::from(sizer.rows()));
        }
        assert_eq!(sizer.rows(), 1);
        sizer.learn(Duration::from_secs(5), 1, sizer.rows(), TARGET);
        assert_eq!(sizer.rows(), 1, "slow rows stay alone");
        for _ in 0..40 {
            sizer.learn(Duration::from_millis(1), u64::from(sizer.rows()), sizer.rows(), TARGET);
        }
        assert_eq!(sizer.rows(), Pace::default().batch_rows_max);
    }
}
