//! Removes the trigger that keeps a derived column right, alone or together with the column, in one
//! transaction: no write ever fails between.

use super::{Course, Kind};
use crate::{
    change::{Change, render},
    model::{
        identifier::{Identifier, QualifiedName},
        lock::{Lock, LockHeld, LockMode},
    },
};
use serde::{Deserialize, Serialize};

/// Removes a sync trigger, alone or together with the column, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDrop {
    /// The table.
    pub table: QualifiedName,
    /// The trigger.
    pub trigger: Identifier,
    /// Further triggers that go with it: all that compute or read the column.
    #[serde(default)]
    pub other_triggers: Vec<Identifier>,
    /// Removes triggers and functions.
    pub statements: Vec<String>,
    /// What goes in the same transaction, after the trigger: the column that it computed or read.
    #[serde(default)]
    pub changes: Vec<Change>,
}

impl SyncDrop {
    /// All that the step runs, in order.
    pub fn all_statements(&self) -> Vec<String> {
        self.statements.iter().cloned().chain(render(&self.changes)).collect()
    }
}

impl Kind for SyncDrop {
    fn course(&self) -> Course<'_> {
        Course::SyncDrop(self)
    }

    fn changes(&self) -> Vec<Change> {
        self.changes.clone()
    }

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::of(&self.table, LockMode::AccessExclusive, LockHeld::Blink)]
    }

    fn is_lost(&self) -> bool {
        // What the trigger would have computed meanwhile is not known.
        true
    }
}
