//! Fills columns of the rows that are there, by key ranges.

use super::{Course, Kind};
pub use crate::model::backfill::Backfill;
use crate::model::lock::{Lock, LockHeld, LockMode};

impl Kind for Backfill {
    fn course(&self) -> Course<'_> {
        Course::Backfill(self)
    }

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::of(&self.table, LockMode::RowExclusive, LockHeld::Batch)]
    }
}
