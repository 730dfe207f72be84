//! An open-loop load generator: requests at a constant rate, whatever the service does.
//!
//! [`Load`] runs on a thread of its own. Latency counts from the moment at which a request was due
//! (a stall is seen in full, no coordinated omission). Four kinds of client (`clients/`) take turns
//! by weight; long streams (`streams/`) run beside them. Nothing is ever sent twice: what fails is a failure, kept with its cause. A
//! [`LoadReport`] holds every sample and computes summaries of windows and timelines from them.
//!
//! **Invariant:** requests due = samples in the report; each has exactly one outcome.

mod capacity;
mod clients;
mod error;
mod files;
mod generator;
mod handle;
mod outcome;
mod recorder;
mod report;
mod spec;
mod streams;
mod summary;
mod timeline;
mod workload;

pub use capacity::{CAPACITY_FIRST_SEQUENCE, measure_capacity};
pub use error::LoadError;
pub use files::raise_open_files_limit;
pub use handle::{Load, LoadCounts, LoadHandle};
pub use outcome::{ClientKind, Outcome, Sample};
pub use report::{FailureExample, LoadReport};
pub use spec::{ClientMix, LoadSpec};
pub use streams::{
    StreamEnd, StreamEvent, StreamLoad, StreamLoadHandle, StreamMessage, StreamReport, StreamSpan,
    StreamSpec, StreamWorkload,
};
pub use summary::{Summary, WAITED_FROM_MS, Window};
pub use timeline::Bucket;
pub use workload::{Request, Verdict, Workload};
