//! A step: the smallest thing that is run and recorded.
//!
//! The planner chooses, the engine chooses nothing (law 2): whatever the engine needs in order to
//! run a step stands in [`StepKind`], SQL included.

pub use super::backfill::{Assignment, Backfill, BackfillSql, KeyColumn, PartSql, SafeFunction};
pub use super::phase::Phase;
pub use super::step_kind::*;

use super::{
    capability::{self, Capability},
    lock::Lock,
};
use crate::change::{Change, deserialize_changes};
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
