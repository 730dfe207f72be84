//! Drops an index without blocking reads or writes.

use super::{Course, Kind};
use crate::{
    change::{Change, DropIndex},
    model::lock::{Lock, LockHeld, LockMode},
};
use serde::{Deserialize, Serialize};

/// Drops an index without blocking reads or writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDrop {
    /// The index.
    #[serde(flatten)]
    pub drop: DropIndex,
    /// Whether the table is partitioned: then `CONCURRENTLY` is impossible and short locks are used.
    pub partitioned: bool,
}

impl Kind for IndexDrop {
    fn course(&self) -> Course<'_> {
        let statements = Change::from(self.drop.clone()).render();
        match self.partitioned {
            true => Course::Short(statements),
            false => Course::Outside { statements, part: self.drop.table.name.as_str() },
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.drop.clone().into()]
    }

    fn locks(&self) -> Vec<Lock> {
        let (mode, held) = match self.partitioned {
            true => (LockMode::AccessExclusive, LockHeld::Blink),
            false => (LockMode::ShareUpdateExclusive, LockHeld::WholeStep),
        };
        vec![Lock::of(&self.drop.table, mode, held)]
    }
}
