//! The courses: the few ways in which the engine runs a step. A kind says which is its own.

use super::{Backfill, ConstraintValidate, IndexBuild, Script, SyncDrop};

/// How a step is run.
#[derive(Debug)]
pub enum Course<'a> {
    /// Statements in one short transaction, once the step's locks are held.
    Short(Vec<String>),
    /// The same, once no row of a trigger is parked any more.
    SyncDrop(&'a SyncDrop),
    /// Statements that may take long and block neither reads nor writes, in one transaction.
    Long {
        /// The statements, in order.
        statements: Vec<String>,
        /// What is said of them where they fail.
        action: String,
        /// The constraint that they validate: rows that break it may have come.
        validates: Option<&'a ConstraintValidate>,
    },
    /// Statements that no transaction holds: each may take long, and runs once more where its
    /// holder has died.
    Outside {
        /// The statements, in order.
        statements: Vec<String>,
        /// What they work on, for people.
        part: &'a str,
    },
    /// An index is built, on each part of a partitioned table.
    IndexBuild(&'a IndexBuild),
    /// Rows are filled by ranges.
    Backfill(&'a Backfill),
    /// Rows are compared by ranges.
    BackfillCheck(&'a Backfill),
    /// A file as it is written.
    Script(&'a Script),
}

impl Course<'_> {
    /// Whether all of it is one short transaction.
    pub fn is_short(&self) -> bool {
        matches!(self, Self::Short(_) | Self::SyncDrop(_))
    }

    /// Whether it begins at the start again where it is cancelled, after what may have been hours.
    pub(super) fn loses_work(&self) -> bool {
        matches!(self, Self::Long { .. } | Self::Outside { .. } | Self::IndexBuild(_))
    }
}
