//! Proves, by key ranges over the whole table, that a backfill left no row that differs.

use super::{Backfill, Course, Kind};
use crate::model::lock::{Lock, LockHeld, LockMode};
use serde::{Deserialize, Serialize};

/// Proves that a backfill left no row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackfillCheck(pub Backfill);

impl Kind for BackfillCheck {
    fn course(&self) -> Course<'_> {
        Course::BackfillCheck(&self.0)
    }

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::of(&self.0.table, LockMode::AccessShare, LockHeld::Batch)]
    }
}
