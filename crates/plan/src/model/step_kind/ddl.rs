//! Catalog changes in one short transaction under short locks.

use super::{Course, Kind};
use crate::change::{Change, deserialize_changes, render};
use serde::{Deserialize, Serialize};

/// Catalog changes in one short transaction under short locks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ddl {
    /// The changes, made in this order in one transaction, after the step's `locks` are held.
    #[serde(alias = "statements", deserialize_with = "deserialize_changes")]
    pub changes: Vec<Change>,
}

impl Kind for Ddl {
    fn course(&self) -> Course<'_> {
        Course::Short(render(&self.changes))
    }

    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }
}
