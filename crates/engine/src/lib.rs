//! Lets a service with its data in PostgreSQL be upgraded without its API stopping.
//!
//! A service embeds [`Changeover`]; an operator's program uses [`operate`] and [`status`].
//!
//! - `ledger/`: what is done and what runs; its tables, leases and fences are the crate `changeover-ledger`.
//! - `driver/`: what to do next, and doing it.
//! - `step/`: one file a step kind; `lock/`: short locks; `backfill/`: the SQL of a batch.
//! - `pace/`: how fast what runs long goes; `control/`: what operators want of it, read from the ledger.
//! - `rollback/`: the way back from an upgrade, out of the ledger.
//! - `catalog/`: reads what the planner plans against.
//!
//! Work in the background is the crate `changeover-work`; caches and a server's connections that instances
//! share are `changeover-share`. A service that only migrates needs neither.
//!
//! The planner chooses, the engine chooses nothing: `changeover-plan` says what a step is.

mod backfill;
mod catalog;
pub mod control;
mod driver;
pub mod folder;
mod handle;
pub mod health;
mod history;
mod hold;
mod latency;
mod ledger;
pub mod lock;
pub mod operate;
mod pace;
pub mod pause_file;
pub mod rollback;
pub mod status;
mod step;

// The ledger's parts have the names here that they have there.
use changeover_ledger::{
    admission, connection, error, floor, instance, options, pause, term, text,
};

pub use admission::Admission;
pub use connection::{Address, AddressError, Cancel, ConnectError, Link, Reached, Surroundings};
pub use driver::{Outlook, Upgrade};
pub use error::{
    Error, FolderError, SQLSTATE_BELOW_FLOOR, SQLSTATE_FENCED, SQLSTATE_NOT_CLAIMED,
    SQLSTATE_NOT_ENQUEUEABLE, SQLSTATE_UNKNOWN_APP, SQLSTATE_UNKNOWN_STEP, SQLSTATE_UNNAMED,
    SQLSTATE_UNREGISTERED, chain,
};
pub use handle::Changeover;
pub use instance::{Instance, InstanceState};
pub use latency::LatencyRecorder;
pub use options::{LockLimits, Maintenance, Options, Pace, PaceBounds, Timing};
pub use pause::{Hook, Pause, PausePoint, UnknownPausePoint};

/// Stops a run that an operator's program has begun.
pub use tokio_util::sync::CancellationToken;

/// Everything about plans: the planner's own crate.
pub use changeover_plan as planning;
