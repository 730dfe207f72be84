//! Checks of an upgrade on throw-away databases: what is claimed is measured (law 7).
//!
//! - [`lock_trace`]: the locks that each step really takes, against those that the plan states.
//! - [`deadline`]: no lock request of an upgrade makes others queue behind it for longer than a cap.
//! - [`compatibility`]: an older release's statements against every schema on the way.
//! - [`trial`]: the database and the upgrade that the three of them run.
//! - [`commit_order`]: in which order transactions of which term committed, by logical decoding.
//! - [`fault_proxy`]: cuts connections, or lets them hang.
//!
//! Called by tests, by `cargo xtask verify` and `faults`, and by the program's `verify`. Works on any migrations and
//! any statements. Needs a superuser's connection, which throw-away servers give.

pub mod commit_order;
pub mod compatibility;
pub mod deadline;
mod error;
pub mod fault_proxy;
pub mod lock_trace;
mod text_table;
pub mod trial;

pub use commit_order::{CommitOrder, Violation};
pub use compatibility::{CompatibilityReport, CorpusStatement, Incompatibility};
pub use deadline::DeadlineReport;
pub use error::VerifyError;
pub use fault_proxy::FaultProxy;
pub use lock_trace::{LockFinding, LockTrace, StepTrace};
pub use trial::{Stage, Trial};
