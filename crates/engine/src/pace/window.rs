//! The last so many durations, and their percentile.

use std::collections::VecDeque;
use std::time::Duration;

/// The medians of two dozen probes each differ by less than this for no reason.
const FALLING: f64 = 0.7;

/// A sliding window.
#[derive(Clone, Debug)]
pub(super) struct Window {
    values: VecDeque<Duration>,
    length: usize,
}

impl Window {
    /// Of so many values, at least one.
    pub(super) fn new(length: usize) -> Self {
        Self { values: VecDeque::with_capacity(length), length: length.max(1) }
    }

    /// The oldest goes where it is full.
    pub(super) fn add(&mut self, value: Duration) {
        if self.values.len() == self.length {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value that 95 of a hundred don't exceed; `None` where there is none.
    pub(super) fn p95(&self) -> Option<Duration> {
        percentile(self.values.iter(), 95)
    }

    /// The middle one; `None` where there is none.
    pub(super) fn p50(&self) -> Option<Duration> {
        percentile(self.values.iter(), 50)
    }

    /// Whether the newer half is clearly lower than the older one: a queue that grew before is still being worked off.
    pub(super) fn is_falling(&self) -> bool {
        let half = self.values.len() / 2;
        let older = percentile(self.values.iter().take(half), 50);
        let newer = percentile(self.values.iter().skip(half), 50);
        older.zip(newer).is_some_and(|(older, newer)| newer < older.mul_f64(FALLING))
    }
}

/// The nearest rank: the smallest value with at least so many of a hundred at or below it.
fn percentile<'a>(
    values: impl Iterator<Item = &'a Duration>,
    of_a_hundred: usize,
) -> Option<Duration> {
    let mut sorted: Vec<Duration> = values.copied().collect();
    sorted.sort_unstable();
    let rank = (sorted.len() * of_a_hundred).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_is_worked_off_is_seen_and_noise_is_not() {
        let window = |values: &[u64]| {
            let mut window = Window::new(60);
            values.iter().for_each(|ms| window.add(Duration::from_millis(*ms)));
            window
        };
        assert!(window(&[90, 80, 70, 60, 30, 10, 2, 2]).is_falling());
        assert!(!window(&[3, 2, 4, 2, 3, 2, 2, 4]).is_falling());
        assert!(!window(&[2, 2, 2, 2, 60, 80, 90, 99]).is_falling());
        assert!(!window(&[]).is_falling());
        assert_eq!(window(&[1, 2, 3]).p95(), Some(Duration::from_millis(3)));
    }
}
