//! Lets a service with its data in PostgreSQL be upgraded without its API stopping.
//!
//! A service embeds [`Changeover`]; an operator's program uses [`operate`] and [`status`].
//!
//! - `ledger/`: the tables that say what is done, running, by whom.
//! - `term/`: the lease with a fencing token; the only way to write.
//! - `instance/`, `floor/`: who lives, and who may come back.
//! - `driver/`: what to do next, and doing it.
//! - `step/`: one file a step kind; `lock/`: short locks; `backfill/`: the SQL of a batch.
//! - `background/`, `generation/`, `worker/`: work that two releases share, one owner at a time.
//! - `job/`, `schedule/`: the durable queue, and what enqueues by the clock.
//! - `cache/`, `connection_share/`: what instances have in common: caches, and a server's connections.
//! - `catalog/`: reads what the planner plans against.
//!
//! The planner chooses, the engine chooses nothing: `changeover-plan` says what a step is.

mod admission;
mod backfill;
mod background;
pub mod cache;
mod catalog;
mod connection;
pub mod connection_share;
mod driver;
mod error;
mod fence;
mod floor;
pub mod folder;
mod generation;
mod handle;
pub mod health;
mod history;
mod instance;
mod job;
mod ledger;
mod lock;
pub mod operate;
mod options;
mod pause;
pub mod pause_file;
mod schedule;
mod sidecar;
pub mod status;
mod step;
mod term;
mod worker;

pub use admission::Admission;
pub use background::{Background, BackgroundBuilder, DrainReport};
pub use connection::{Address, AddressError, Cancel, ConnectError, Link, Reached, Surroundings};
pub use driver::{Outlook, Upgrade};
pub use error::{
    Error, FolderError, SQLSTATE_BELOW_FLOOR, SQLSTATE_FENCED, SQLSTATE_NOT_CLAIMED,
    SQLSTATE_NOT_ENQUEUEABLE, SQLSTATE_UNKNOWN_APP, SQLSTATE_UNNAMED, SQLSTATE_UNREGISTERED, chain,
};
pub use handle::Changeover;
pub use instance::InstanceState;
pub use job::{
    BatchJobHandler, DeadJob, Enqueue, Job, JobCount, JobError, JobHandler, JobInspector,
    JobLimits, JobQueue, JobTransaction, JobsBeyond, Reconciled,
};
pub use options::{LockLimits, Options, Pace, Timing};
pub use pause::{Hook, Pause, PausePoint, UnknownPausePoint};
pub use schedule::{CatchUp, Schedule};
pub use sidecar::{Held, Sidecar};
pub use worker::{SingletonWorker, Tenure, WorkError, WorkTransaction};

/// What a worker's or handler's method returns.
pub use futures_util::future::BoxFuture;
/// Says that a worker is asked to stop.
pub use tokio_util::sync::CancellationToken;

/// Everything about plans: the planner's own crate.
pub use changeover_plan as planning;
