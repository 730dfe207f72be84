//! A Deployment of local processes: desired pods, probes, RollingUpdate and Recreate.
//!
//! [`Deployment`] is the handle. Behind it one task (`controller.rs`) compares what is wanted with
//! what runs and starts or stops pods; each pod has a task (`pod.rs`) that does the kubelet's part:
//! start, probe, restart, pre-stop, SIGTERM, SIGKILL. Both write to one board (`board.rs`), which observers
//! watch. How many pods to start and stop is decided by pure functions in `strategy/`.
//!
//! **Invariant:** no pod outlives its [`Deployment`]: dropping it kills every process.

mod board;
mod controller;
mod error;
mod event;
mod handle;
mod output;
mod pod;
mod port;
mod probe;
mod process;
mod progress;
mod snapshot;
mod spec;
mod strategy;
mod template;

pub use error::DeploymentError;
pub use event::{Event, EventKind};
pub use handle::{Deployment, RolloutOutcome};
pub use process::PodSignal;
pub use snapshot::{PodPhase, PodStatus, RolloutPhase, RolloutStatus, Snapshot};
pub use spec::{Backoff, DeploymentSpec, Probe, Strategy};
pub use template::PodTemplate;
