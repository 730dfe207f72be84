//! The last so many durations, and their percentile.

use std::collections::VecDeque;
use std::time::Duration;

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
        let mut sorted: Vec<Duration> = self.values.iter().copied().collect();
        sorted.sort_unstable();
        // The nearest rank: the smallest value with at least 95 of a hundred at or below it.
        let rank = (sorted.len() * 95).div_ceil(100);
        sorted.get(rank.checked_sub(1)?).copied()
    }
}
