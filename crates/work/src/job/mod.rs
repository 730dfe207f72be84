//! The queue: jobs that are enqueued with the caller's own transaction and run once, no matter what dies.
//!
//! [`JobQueue`] enqueues; a `Fetcher` a process claims by batches and hands the jobs to their handlers.
//! A job's effects and its finish are one transaction, so there is no moment at which one of them stands
//! without the other. Which releases may run what, and what becomes of the jobs of the dead, is decided by
//! the functions in `crates/ledger/src/bootstrap/sql/job/`; nothing here decides it.
//!
//! Invariants:
//! - Each claimed job ends in exactly one of: finished, failed, of unknown outcome, given back. Where the
//!   database could not be told, it is told later (`undelivered`), so that no job stays "running".
//! - What is claimed and not finished is bounded by each handler's limits.
//!
//! For users: `docs/jobs.md`.

mod claim;
mod fetch;
mod fetcher;
mod handler;
mod inspect;
mod lane;
mod ledger;
mod part;
mod queue;
mod transaction;
mod unit;

pub use claim::Job;
pub(crate) use handler::Handler;
pub use handler::{BatchJobHandler, JobError, JobHandler, JobLimits, Reconciled};
pub use inspect::{DeadJob, JobCount, JobInspector, JobsBeyond};
pub(crate) use part::Jobs;
pub use queue::{Enqueue, JobQueue};
pub use transaction::JobTransaction;
