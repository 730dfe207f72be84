//! The data that the planner gives to everyone else: names, locks, migrations, steps, the plan, and
//! the picture of the catalog that it plans against.
//!
//! All of it is plain data that serialises to JSON and back without loss; the ledger keeps plans and
//! steps in that form, so a field may be added (with a default), but never change its meaning.

pub mod backfill;
pub mod capability;
pub mod catalog;
pub mod identifier;
pub mod lock;
mod lookup;
pub mod migration;
pub mod phase;
pub mod plan;
pub mod shared;
pub mod step;
pub mod step_kind;
