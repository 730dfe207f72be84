//! Central's background workers: one file each, SQL beside it in a folder of the same name.
//!
//! Each worker is one or more plain functions over a connection *inside a transaction*: they begin and
//! commit nothing, so that the library can send its guard together with their `COMMIT`, and tests can
//! run them with and without it. Nothing of a worker is in memory that a successor would need, except
//! where its file says so and what upholds it. [`start`] gives them to the library.
//!
//! What a release's workers differ in is frozen with the release: [`ReleaseWorkers`].

pub mod declarative;
pub mod enforcement_summary;
pub mod network_baselines;
pub mod notifier;
pub mod pruning;
pub mod report;
pub mod reprocessor;
pub mod settings;
pub mod start;
pub mod usage;

pub use settings::WorkerSettings;

/// What the workers of a release do in another way than those of others.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseWorkers {
    /// Which alerts are deleted.
    pub pruning: pruning::Rule,
    /// How a risk is computed.
    pub formula: reprocessor::Formula,
    /// The versions of a notification's payload that it reads; it writes the highest that it may.
    pub notify_versions: &'static [i32],
    /// Whether it sums enforcements up.
    pub summarizes_enforcements: bool,
}
