//! What a release does besides answering, while two releases share the work: singleton workers, a durable
//! queue of jobs, schedules.
//!
//! A service makes a [`BackgroundBuilder`] from its `changeover::Changeover::instance`, adds what it can do, and
//! starts it; a process that only keeps another one company uses [`Sidecar`].
//!
//! - `background/`, `generation/`: takes part, keeps switch and owners settled; `worker/`: one owner at a time.
//! - `job/`, `schedule/`: the durable queue, and what enqueues by the clock.
//! - `sidecar/`: the same for a process beside this one.
//!
//! Every decision is the ledger's, by functions in `crates/ledger/src/bootstrap/sql/`; what is asked of them
//! stands in `.sql` files beside the code here.

mod background;
mod generation;
mod job;
mod schedule;
mod sidecar;
mod worker;

// The ledger's parts have the names here that they have there.
use changeover_ledger::{bootstrap, connection, error, fence, instance, options};

pub use background::{Background, BackgroundBuilder};
pub use generation::DrainReport;
pub use job::{
    BatchJobHandler, DeadJob, Enqueue, Job, JobCount, JobError, JobHandler, JobInspector,
    JobLimits, JobQueue, JobTransaction, JobsBeyond, Reconciled,
};
pub use schedule::{CatchUp, Schedule};
pub use sidecar::{Held, Sidecar};
pub use worker::{SingletonWorker, Tenure, WorkError, WorkTransaction};

/// What a worker's or handler's method returns.
pub use futures_util::future::BoxFuture;
/// Says that a worker is asked to stop.
pub use tokio_util::sync::CancellationToken;
