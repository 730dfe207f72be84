//! What the engine reads and writes of the ledger: plans, steps, history. The ledger itself, with its
//! tables, leases and guards, is the crate `changeover-ledger`.
//!
//! - [`state`]: reads where an application stands.
//! - [`record`]: writes plans, step states and events, always within a guarded transaction.
//!
//! SQL: `sql/`.

pub(crate) mod record;
pub(crate) mod state;

pub(crate) use changeover_ledger::bootstrap;
