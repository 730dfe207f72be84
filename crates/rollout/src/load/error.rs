//! What can go wrong with the generator itself (failed requests are results, not errors).

/// An error of the generator.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The settings make no sense.
    #[error("invalid load: {reason}")]
    InvalidSpec {
        /// What is wrong.
        reason: &'static str,
    },
    /// Its thread or runtime could not be started.
    #[error("could not start the load generator")]
    Start(#[source] std::io::Error),
    /// Its thread ended without a report: the workload panicked.
    #[error("the load generator ended without a report")]
    Died,
    /// Most requests of a capacity measurement failed.
    #[error(
        "capacity cannot be measured: {failed} of {requests} requests failed, the first with: {first}"
    )]
    CapacityFailing {
        /// Requests sent.
        requests: u64,
        /// Of these, failed.
        failed: u64,
        /// What the first failure said.
        first: String,
    },
}
