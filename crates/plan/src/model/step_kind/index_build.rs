//! Builds an index without blocking writes.

use super::{Course, Kind};
use crate::{
    change::{Change, CreateIndex},
    model::lock::{Lock, LockHeld, LockMode},
};
use serde::{Deserialize, Serialize};

/// Builds an index without blocking writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexBuild {
    /// The index.
    #[serde(flatten)]
    pub create: CreateIndex,
    /// Whether the table is partitioned: then the index is made on the parent alone, on each part
    /// concurrently, and attached.
    pub partitioned: bool,
}

impl Kind for IndexBuild {
    fn course(&self) -> Course<'_> {
        Course::IndexBuild(self)
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.create.clone().into()]
    }

    fn locks(&self) -> Vec<Lock> {
        // A partitioned table's own index is empty and made at once; its parts are in the catalog.
        let (mode, held) = match self.partitioned {
            true => (LockMode::Share, LockHeld::Blink),
            false => (LockMode::ShareUpdateExclusive, LockHeld::WholeStep),
        };
        vec![Lock::of(&self.create.table, mode, held)]
    }
}
