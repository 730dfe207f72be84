//! The kinds of steps; one file each, with the data that a step of the kind keeps in the ledger and what
//! there is to know of it (`Kind`).
//!
//! How a step is run follows from its kind as one of a few courses ([`Course`]), and the engine has a file
//! for each course. So a new kind that runs statements is a file here: `step_kind/NAME.rs` with a struct of
//! its name that implements `Kind`, and its line in the list below. Fields may be added later with a
//! serde default; they never change meaning.

mod course;
#[cfg(test)]
mod tests;

pub use course::Course;

use super::{capability::Capability, lock::Lock};
use crate::change::Change;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What there is to know of each kind of step.
pub(crate) trait Kind {
    /// How it is run.
    fn course(&self) -> Course<'_>;

    /// The changes of the schema that it comes to, in order. None where it writes rows, installs what is
    /// ours, or runs a file as it is written.
    fn changes(&self) -> Vec<Change> {
        Vec::new()
    }

    /// The locks that it takes on its table, beside those of its changes where they are made in one short
    /// transaction. A rewrite adds those that only the catalog shows.
    fn locks(&self) -> Vec<Lock> {
        Vec::new()
    }

    /// Whether it takes away what cannot be put back, beside what its changes do.
    fn is_lost(&self) -> bool {
        false
    }

    /// What its runner must be able to do.
    fn requires(&self) -> BTreeSet<Capability> {
        super::capability::owner()
    }
}

/// Declares the modules, [`StepKind`], and who answers what is asked of a kind.
macro_rules! step_kinds {
    ($($module:ident :: $kind:ident),* $(,)?) => {
        $(mod $module; pub use $module::$kind;)*

        /// What is to be run, with everything the engine needs to run it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum StepKind {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")]
            $kind($kind),)*
        }

        impl StepKind {
            fn kind(&self) -> &dyn Kind {
                match self { $(Self::$kind(kind) => kind,)* }
            }

            /// The kind's name in the ledger, in JSON and on the screen.
            pub fn as_str(&self) -> &'static str {
                match self { $(Self::$kind(_) => stringify!($module),)* }
            }
        }

        $(impl From<$kind> for StepKind {
            fn from(kind: $kind) -> Self {
                Self::$kind(kind)
            }
        })*
    };
}

step_kinds! {
    analyze::Analyze,
    backfill::Backfill,
    backfill_check::BackfillCheck,
    constraint_validate::ConstraintValidate,
    ddl::Ddl,
    index_build::IndexBuild,
    index_drop::IndexDrop,
    script::Script,
    sync_drop::SyncDrop,
    sync_install::SyncInstall,
}

impl StepKind {
    /// How the step is run.
    pub fn course(&self) -> Course<'_> {
        self.kind().course()
    }

    /// The changes of the schema that the step comes to, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.kind().changes()
    }

    /// Whether much of its work is lost where it is cancelled: it begins at the start again.
    pub fn loses_work(&self) -> bool {
        // Rows are looked at before the constraint is added.
        let looks =
            |change: &Change| matches!(change, Change::AddConstraint(add) if add.look.is_some());
        self.course().loses_work() || self.changes().iter().any(looks)
    }

    /// The locks that it takes by itself.
    pub(crate) fn locks(&self) -> Vec<Lock> {
        self.kind().locks()
    }

    /// Whether it takes away what cannot be put back, beside what its changes do.
    pub(crate) fn is_lost(&self) -> bool {
        self.kind().is_lost()
    }

    /// What its runner must be able to do.
    pub(crate) fn requires(&self) -> BTreeSet<Capability> {
        self.kind().requires()
    }
}
