//! The ledger: the tables in schema `changeover` that say what is done, what runs, and by whom.
//!
//! - [`bootstrap`]: makes it, brings it up to date, refuses one that is too new.
//! - [`state`]: reads where an application stands.
//! - [`record`]: writes plans, step states and events, always within a guarded transaction.
//!
//! Owned by the role that migrates; services only call its functions. SQL: `sql/`.

pub(crate) mod bootstrap;
pub(crate) mod record;
pub(crate) mod state;
