//! Table locks: which mode a step takes on which relation, for how long, and whom that stops.
//!
//! The modes and their conflicts are PostgreSQL's table 13.2 (explicit locking); `verify` holds what
//! the planner claims here against `pg_locks` of a real server.

use super::identifier::QualifiedName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// PostgreSQL's table-level lock modes, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// `SELECT`.
    AccessShare,
    /// `SELECT … FOR UPDATE` and its kin; foreign keys' checks.
    RowShare,
    /// `INSERT`, `UPDATE`, `DELETE`.
    RowExclusive,
    /// `VACUUM`, `VALIDATE CONSTRAINT`, `CREATE INDEX CONCURRENTLY`.
    ShareUpdateExclusive,
    /// `CREATE INDEX`.
    Share,
    /// `CREATE TRIGGER`, `ADD FOREIGN KEY`.
    ShareRowExclusive,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    Exclusive,
    /// Most of `ALTER TABLE`, `DROP TABLE`.
    AccessExclusive,
}

impl LockMode {
    /// The mode in the words of `LOCK TABLE … IN … MODE`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// The mode as `pg_locks.mode` spells it.
    pub fn pg_locks_name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// The mode that `pg_locks.mode` names, if it is a table lock.
    pub fn from_pg_locks_name(name: &str) -> Option<Self> {
        [
            Self::AccessShare,
            Self::RowShare,
            Self::RowExclusive,
            Self::ShareUpdateExclusive,
            Self::Share,
            Self::ShareRowExclusive,
            Self::Exclusive,
            Self::AccessExclusive,
        ]
        .into_iter()
        .find(|mode| mode.pg_locks_name() == name)
    }

    /// Which of a service's statements wait while this lock is held.
    pub fn blocks(self) -> &'static str {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive => "nothing",
            Self::ShareUpdateExclusive => "other DDL and vacuum",
            Self::Share | Self::ShareRowExclusive => "writes",
            Self::Exclusive => "writes and locking reads",
            Self::AccessExclusive => "reads and writes",
        }
    }

    /// Whether a service's ordinary reads or writes wait while this lock is held.
    pub fn blocks_service(self) -> bool {
        self >= Self::Share
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sql())
    }
}

/// For how long a step holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockHeld {
    /// For one catalog change: taken without queueing, given back within milliseconds.
    Blink,
    /// For one batch of a backfill.
    Batch,
    /// For as long as the step runs, which may be hours. Only modes that block no reads or writes.
    WholeStep,
}

/// One lock of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The table, index or view that is locked. `LOCK TABLE` on a partitioned table takes its parts too.
    pub relation: QualifiedName,
    /// The mode.
    pub mode: LockMode,
    /// For how long.
    pub held: LockHeld,
}

impl Lock {
    /// A lock.
    pub(crate) fn of(relation: &QualifiedName, mode: LockMode, held: LockHeld) -> Self {
        Self { relation: relation.clone(), mode, held }
    }
}
