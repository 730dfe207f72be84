//! A step: the smallest thing that is run and recorded.
//!
//! The planner chooses, the engine chooses nothing (law 2): what the engine needs in order to
//! run a step stands in [`StepKind`], SQL included. One variant has one file in the engine's `step/`.

pub use super::backfill::{Assignment, Backfill, BackfillSql, KeyColumn, PartSql, SafeFunction};
pub use super::phase::Phase;

use super::{
    capability::{self, Capability},
    identifier::{Identifier, QualifiedName},
    lock::Lock,
};
use crate::change::{
    Change, CreateIndex, DropIndex, ValidateConstraint, deserialize_changes, render,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// A step's name in the ledger: `0209.2.backfill` is the backfill of the second statement of
/// migration 209. Stable: the same file gives the same ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// Builds the id of one part of the `statement`th statement (from 1) of a migration.
    pub fn new(migration: u64, statement: usize, part: &str) -> Self {
        Self(format!("{migration:04}.{statement}.{part}"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StepId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name in the ledger.
    pub id: StepId,
    /// The migration it belongs to.
    pub migration: u64,
    /// The file, for messages.
    pub file: String,
    /// The line in the file at which its statement begins, from 1.
    pub line: u32,
    /// What it does, for people: `backfill process_indicators.container_start_time`.
    pub title: String,
    /// When it may run.
    pub phase: Phase,
    /// Whether the new release waits for it before it serves. Always so in [`Phase::Expand`].
    pub before_serving: bool,
    /// What its runner must be able to do.
    #[serde(default = "capability::owner", skip_serializing_if = "capability::is_owner")]
    pub requires: BTreeSet<Capability>,
    /// For a contract step: the floor must have reached this head.
    pub floor: Option<u64>,
    /// Steps that must be done first, also of earlier plans.
    pub needs: Vec<StepId>,
    /// The locks it takes on relations that existed before it, strongest first.
    pub locks: Vec<Lock>,
    /// Why it stands in this phase and in this form.
    pub reason: String,
    /// What is to be run.
    pub kind: StepKind,
    /// What undoes it while the floor allows, in this order.
    #[serde(deserialize_with = "deserialize_changes")]
    pub undo: Vec<Change>,
    /// The locks that the way back takes in a transaction.
    #[serde(default)]
    pub undo_locks: Vec<Lock>,
    /// Whether it takes away what cannot be put back.
    #[serde(default)]
    pub lost: bool,
}

/// What is to be run, with everything the engine needs to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// Catalog changes in one short transaction under short locks.
    Ddl(Ddl),
    /// Installs the trigger that keeps a derived column right for every writer.
    SyncInstall(SyncInstall),
    /// Removes such a trigger, alone or together with the column, in one transaction.
    SyncDrop(SyncDrop),
    /// Fills columns of the rows that are there, by key ranges.
    Backfill(Backfill),
    /// Proves, by key ranges over the whole table, that a backfill left no row that differs.
    BackfillCheck(Backfill),
    /// Builds an index without blocking writes.
    IndexBuild(IndexBuild),
    /// Drops an index without blocking reads or writes.
    IndexDrop(IndexDrop),
    /// Validates a `NOT VALID` constraint: a scan that blocks neither reads nor writes.
    ConstraintValidate(ConstraintValidate),
    /// A whole file as it is written, when nobody serves ([`super::plan::PlanMode::AtOnce`]).
    Script(Script),
}

impl StepKind {
    /// The kind's name in the ledger, in JSON and on the screen.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ddl(_) => "ddl",
            Self::SyncInstall(_) => "sync_install",
            Self::SyncDrop(_) => "sync_drop",
            Self::Backfill(_) => "backfill",
            Self::BackfillCheck(_) => "backfill_check",
            Self::IndexBuild(_) => "index_build",
            Self::IndexDrop(_) => "index_drop",
            Self::ConstraintValidate(_) => "constraint_validate",
            Self::Script(_) => "script",
        }
    }
}

impl StepKind {
    /// The changes of the schema that the step comes to, in order. None for steps that write rows,
    /// install what is ours, or run a file as it is written.
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Self::Ddl(ddl) => ddl.changes.clone(),
            Self::SyncDrop(drop) => drop.changes.clone(),
            Self::IndexBuild(build) => vec![build.create.clone().into()],
            Self::IndexDrop(drop) => vec![drop.drop.clone().into()],
            Self::ConstraintValidate(validate) => vec![validate.clone().into()],
            Self::SyncInstall(_) | Self::Backfill(_) | Self::BackfillCheck(_) | Self::Script(_) => {
                Vec::new()
            }
        }
    }
}

/// See [`StepKind::Ddl`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ddl {
    /// The changes, made in this order in one transaction, after the step's `locks` are held.
    #[serde(alias = "statements", deserialize_with = "deserialize_changes")]
    pub changes: Vec<Change>,
}

/// See [`StepKind::SyncInstall`].
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

/// See [`StepKind::SyncDrop`].
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

/// See [`StepKind::IndexBuild`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexBuild {
    /// The index.
    #[serde(flatten)]
    pub create: CreateIndex,
    /// Whether the table is partitioned: then the index is made on the parent alone, on each part
    /// concurrently, and attached.
    pub partitioned: bool,
}

/// See [`StepKind::IndexDrop`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDrop {
    /// The index.
    #[serde(flatten)]
    pub drop: DropIndex,
    /// Whether the table is partitioned: then `CONCURRENTLY` is impossible and short locks are used.
    pub partitioned: bool,
}

/// See [`StepKind::ConstraintValidate`].
pub type ConstraintValidate = ValidateConstraint;

/// See [`StepKind::Script`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The statements as written, in order.
    pub statements: Vec<String>,
    /// Whether they run in one transaction. False where one of them forbids it
    /// (`CREATE INDEX CONCURRENTLY`) or the file says so.
    pub transactional: bool,
}
