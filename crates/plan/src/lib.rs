//! Plans ordinary SQL migrations as an online upgrade.
//!
//! Text and a picture of the catalog go in, a [`Plan`] comes out: every step with its phase, the
//! locks it takes, whom they block, and the reason why it stands where it stands. Nothing here does
//! I/O, reads a clock or waits: the same input gives the same plan. What is not understood is
//! refused with file, line and what to write instead (law 6), never waved through.
//!
//! - [`model`]: the data that others hold: plan, step, catalog, names.
//! - [`source`]: a folder's files as numbered migrations, held against the ledger.
//! - [`sql`]: the adapter to the SQL parser.
//! - [`change`]: what happens to a schema, as data; one file a kind.
//! - [`plan`]: the planner; `rewrite` has one file for each form of statement.
//! - [`derivation`]: what keeps derived columns right: triggers, backfills, checks.
//! - [`script`]: what may be repeated of a file that runs at once.
//! - [`rule`]: why statements are refused, one file for each reason.
//! - [`check`]: inspects a finished plan.

pub mod change;
pub mod check;
pub mod derivation;
pub mod model;
mod planner;
mod rewrite;
pub mod rule;
pub mod source;
pub mod sql;
mod world;

pub use change::{Break, Change, Facts, Inverse};
pub use model::{
    catalog::{self, Catalog},
    identifier::{Identifier, QualifiedName},
    lock::{Lock, LockHeld, LockMode},
    migration::{AppliedMigration, Migration},
    plan::{Plan, PlanMode, PlannedMigration, Refusal},
    step::{self, Course, Phase, Step, StepId, StepKind},
};
pub use planner::{PlanError, Request, plan, script};
pub use world::names::default_names;
pub use world::types::in_catalog as type_as_printed;
