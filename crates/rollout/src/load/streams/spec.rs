//! Settings of long streams, and what a service's messages look like.

use std::net::SocketAddr;

use bytes::Bytes;
use rand::rngs::StdRng;
use uuid::Uuid;

use crate::load::error::LoadError;

/// Settings of a [`StreamLoad`](super::StreamLoad).
#[derive(Clone, Debug)]
pub struct StreamSpec {
    /// Where the service listens.
    pub target: SocketAddr,
    /// How many clients, each with one stream at a time.
    pub streams: usize,
    /// Events that each client sends per second, at equal distances.
    pub events_per_second: f64,
    /// The response's header that says who holds a stream.
    pub holder_header: &'static str,
    /// Same seed, same events.
    pub seed: u64,
}

impl StreamSpec {
    pub(super) fn check(&self) -> Result<(), LoadError> {
        let invalid = |reason| Err(LoadError::InvalidSpec { reason });
        if self.streams == 0 {
            return invalid("streams must be at least 1");
        }
        if !self.events_per_second.is_finite() || self.events_per_second <= 0.0 {
            return invalid("events_per_second must be above 0");
        }
        Ok(())
    }
}

/// An event as it goes over the wire.
#[derive(Clone, Debug)]
pub struct StreamEvent {
    /// The message, with the end of its line.
    pub line: Bytes,
    /// The id by which it can be found again.
    pub write_id: Uuid,
}

/// What a line of the service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamMessage {
    /// The stream is open; events are stored up to this number.
    Opened {
        /// The number.
        sequence: u64,
    },
    /// An event is stored.
    Stored {
        /// Its number.
        sequence: u64,
        /// It was stored before it was sent this time.
        repeated: bool,
    },
    /// The client is to end its side.
    StopSending,
    /// The last message of a stream that ends in order.
    GoAway,
    /// The last message of one that does not; why.
    Refused(String),
}

/// What streams carry.
pub trait StreamWorkload: Send + Sync + 'static {
    /// Path and query to which a client's streams are posted.
    fn path(&self, stream: usize) -> String;

    /// A client's event with this number.
    fn event(&self, random: &mut StdRng, stream: usize, sequence: u64) -> StreamEvent;

    /// A message that only says that the client lives, with the end of its line.
    fn heartbeat(&self) -> Bytes;

    /// Reads a line of the service.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(&self, line: &[u8]) -> Result<StreamMessage, String>;
}
