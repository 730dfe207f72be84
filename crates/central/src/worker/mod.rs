//! Central's background workers: one file each, SQL beside it in a folder of the same name.
//!
//! Each worker is one or more plain functions over a connection *inside a transaction*: they begin and
//! commit nothing, so that the library can send its guard together with their `COMMIT`, and tests can
//! run them with and without it. Nothing of a worker is in memory that a successor would need, except
//! where its file says so and what upholds it.

pub mod declarative;
pub mod enforcement_summary;
pub mod network_baselines;
pub mod notifier;
pub mod pruning;
pub mod report;
pub mod reprocessor;
pub mod usage;
