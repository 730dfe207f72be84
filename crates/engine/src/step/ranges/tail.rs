//! Finds the ranges of a part one after the other, for whichever lane asks. Pure, but for who asks the database
//! (`lane.rs`).

use crate::backfill::{Range, Sizer};

/// Where the ranges that were found end.
#[derive(Debug)]
pub(super) struct Tail {
    /// How many rows a range should have.
    pub(super) sizer: Sizer,
    /// The last key of the last range that was found.
    pub(super) last: Option<Vec<String>>,
    /// Found, and not begun by any lane.
    pub(super) ahead: Option<Found>,
    /// There are no more.
    pub(super) is_over: bool,
    number: u64,
}

/// A range that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// In the order of the keys.
    pub(super) number: u64,
    /// The key before it.
    pub(super) lower: Option<Vec<String>>,
    /// Its last key.
    pub(super) upper: Vec<String>,
    /// Rows that it held.
    pub(super) rows: u64,
    /// Rows that it should have had.
    pub(super) asked: u32,
}

impl Found {
    /// As statements take it.
    pub(super) fn range(&self) -> Range<'_> {
        Range { lower: self.lower.as_deref(), upper: &self.upper, rows: self.rows }
    }
}

impl Tail {
    /// From behind a cursor.
    pub(super) fn new(sizer: Sizer, cursor: Option<Vec<String>>) -> Self {
        Self { sizer, last: cursor, ahead: None, is_over: false, number: 0 }
    }

    /// Whether the next one is to be looked for.
    pub(super) fn is_wanted(&self) -> bool {
        self.ahead.is_none() && !self.is_over
    }

    /// What was found behind the last one, when it was asked for so many rows.
    pub(super) fn note(&mut self, found: Option<(Vec<String>, u64)>, asked: u32) {
        let Some((upper, rows)) = found else {
            self.is_over = true;
            return;
        };
        let lower = self.last.replace(upper.clone());
        self.ahead = Some(Found { number: self.number, lower, upper, rows, asked });
        self.number += 1;
    }
}
