//! Installs the trigger that keeps a derived column right, no matter who writes the row.
//!
//! `CREATE TRIGGER` waits out earlier writers of the table, so once it is committed every later write is
//! computed; that is why it must come before the backfill (an invariant of the plan's checker).

use super::{Course, Kind};
use crate::model::{
    identifier::{Identifier, QualifiedName},
    lock::{Lock, LockHeld, LockMode},
};
use serde::{Deserialize, Serialize};

/// Installs the trigger that keeps a derived column right, no matter who writes the row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncInstall {
    /// The table.
    pub table: QualifiedName,
    /// The trigger's name on that table.
    pub trigger: Identifier,
    /// The columns that it computes.
    pub columns: Vec<Identifier>,
    /// Functions first, then the trigger, in this order in one transaction.
    pub statements: Vec<String>,
}

impl Kind for SyncInstall {
    fn course(&self) -> Course<'_> {
        Course::Short(self.statements.clone())
    }

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::of(&self.table, LockMode::ShareRowExclusive, LockHeld::Blink)]
    }
}
