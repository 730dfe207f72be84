//! The plan: all steps of the pending migrations, in the order in which they run.

use super::step::Step;
use serde::{Deserialize, Serialize};

/// The version of this data's JSON form. Raised when an older reader would misread a newer plan.
pub const PLAN_FORMAT: u32 = 1;

/// How the planner was asked to plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanMode {
    /// Older releases serve meanwhile: phases, short locks, backfills.
    Online,
    /// Nobody serves (a fresh or a developer's database, or a stop that was asked for): each file
    /// runs as it is written, at once.
    AtOnce,
}

/// Everything that is to be done, and what was refused. The same input gives the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_FORMAT`] of the version that wrote this.
    pub format: u32,
    /// The application; several may share a database.
    pub app: String,
    /// How it was planned.
    pub mode: PlanMode,
    /// The highest migration in the ledger before; `None` on a fresh database.
    pub from_head: Option<u64>,
    /// The highest migration afterwards.
    pub head: u64,
    /// The migrations that this plan is made of, by number.
    pub migrations: Vec<PlannedMigration>,
    /// The steps in the order in which they run: expand, then online, then contract.
    pub steps: Vec<Step>,
    /// What cannot be made online or was not understood. A plan with refusals is not run.
    pub refusals: Vec<Refusal>,
    /// What bars nothing, and what should be known before it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// One pending migration in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMigration {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// SHA-256 of its tokens, in hex.
    pub checksum: String,
}

/// A statement that does not get into the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The migration's number.
    pub migration: u64,
    /// The file.
    pub file: String,
    /// The line in the file at which the statement begins, from 1.
    pub line: u32,
    /// The statement, shortened to one line.
    pub statement: String,
    /// A short name for the kind of refusal, e.g. `no-primary-key`; stable, for tools.
    pub rule: String,
    /// Why, in plain words.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// Something about the database that may get in the way of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A short name for what it is about, e.g. `event-trigger`; stable, for tools.
    pub about: String,
    /// What it is, in plain words.
    pub reason: String,
    /// What can be done.
    pub remedy: String,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }
}
