//! Long streams: clients that keep one HTTP/2 stream open for as long as the service lets them.
//!
//! [`StreamLoad`] runs beside a [`Load`](super::Load), on a thread of its own. Each client sends events
//! at a constant rate whatever the service does, keeps them until they are acknowledged, and opens its
//! next stream when one has ended, where it sends again what was not. What a service says in its messages
//! tells a [`StreamWorkload`]. The client itself is `clients/long_stream.rs`, `queue.rs` what it keeps,
//! `report.rs` what was seen.
//!
//! **Invariant:** an event that was due is acknowledged, unacknowledged, or held back; never forgotten.

mod handle;
mod queue;
mod report;
mod spec;

pub use handle::{StreamLoad, StreamLoadHandle};
pub(super) use queue::{Acknowledged, Queue};
pub(super) use report::Recorder;
pub use report::{StreamEnd, StreamReport, StreamSpan};
pub use spec::{StreamEvent, StreamMessage, StreamSpec, StreamWorkload};
