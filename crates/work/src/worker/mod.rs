//! Singleton workers: work of which one runs at a time, whatever the number of instances and releases.
//!
//! - [`part`]: what a process has of them; [`news`]: what the ledger says about each.
//! - [`owner`]: one loop a worker: acquires, works unit by unit, hands over.
//! - [`renewal`]: prolongs all leases of the process on a connection of its own.
//! - [`tenure`], [`transaction`]: the one way to write; the guard runs last, with the commit.
//!
//! Invariant: a unit of work commits only while its epoch is the worker's: the guard sees to it, not the
//! clock. SQL: `sql/`.

mod lease;
mod news;
mod owner;
mod part;
mod renewal;
mod tenure;
mod transaction;

pub(crate) use part::Workers;
pub use tenure::Tenure;
pub use transaction::WorkTransaction;

use crate::error::Error;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// Work of which one runs at a time.
pub trait SingletonWorker: Send + Sync + 'static {
    /// The name, the same in every release that has it.
    fn name(&self) -> &str;

    /// The pause between two units of work.
    fn pause(&self) -> Duration;

    /// The lowest generation that may own it once this one has; 0: any. For a release that leaves
    /// behind what older ones cannot go on with. The way back is cut by it, so it is not handed over
    /// to this release while an older one may come back.
    fn owner_from(&self) -> i64 {
        0
    }

    /// For how long a unit of work may go on once the worker is asked to stop; longer ones are
    /// cancelled, rolled back, and done again by the next owner.
    fn handover(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// One unit of work. `Err`: logged, tried again after a pause. The future is dropped where the
    /// tenure is lost; what it had not committed is rolled back.
    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>>;
}

/// Why a unit of work was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The engine: no connection, the tenure is lost, the commit failed.
    #[error(transparent)]
    Engine(#[from] Error),
    /// A statement of the work failed.
    #[error("a statement failed")]
    Sql(#[from] tokio_postgres::Error),
    /// Anything else.
    #[error("{0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl WorkError {
    /// Wraps what went wrong.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}
