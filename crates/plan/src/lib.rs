//! Plans ordinary SQL migrations as an online upgrade.
//!
//! Text and a picture of the catalog go in, a [`Plan`] comes out: every step with its phase, the
//! locks it takes, whom they block, and the reason why it stands where it stands. Nothing here does
//! I/O, reads a clock or waits: the same input gives the same plan. What is not understood is
//! refused with file, line and what to write instead (law 6), never waved through.
//!
//! - [`model`]: the data that others hold: plan, step, catalog, names.

pub mod model;

pub use model::{
    catalog::{self, Catalog},
    identifier::{Identifier, QualifiedName},
    lock::{Lock, LockHeld, LockMode},
    migration::{AppliedMigration, Migration},
    plan::{Plan, PlannedMigration, Refusal},
    step::{Phase, Step, StepId, StepKind},
};
