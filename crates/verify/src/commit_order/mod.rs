//! In which order transactions of which term committed, as logical decoding tells it: the oracle for
//! "no effect of a lower epoch commits after a higher one's". What the guard itself writes would prove
//! nothing about the guard (law 7).
//!
//! - `recorder`: what is installed beforehand (SQL: `sql/install.sql`), the slot, and reading it.
//! - [`decoded`]: the lines of `test_decoding` become transactions.
//! - [`check`]: what must hold of a history; pure, so that histories made by hand can be checked.
//! - `workers`: the same for owners of singleton workers, each of which has epochs of its own.
//!
//! A transaction is labelled with an epoch by the message that the engine emits with `label_commits`,
//! and by the name of the session whose catalog change it holds. Called by `cargo xtask faults`.

pub mod check;
pub mod decoded;
mod recorder;
mod workers;

pub use check::{Violation, violations};
pub use decoded::{History, Transaction};
pub use recorder::CommitOrder;
pub use workers::{WorkerHistory, WorkerViolation, worker_history};
