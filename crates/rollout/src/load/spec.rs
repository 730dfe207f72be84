//! Settings of a load.

use std::{net::SocketAddr, time::Duration};

use super::{error::LoadError, outcome::ClientKind};

/// Settings of a [`Load`](super::Load).
#[derive(Clone, Debug)]
pub struct LoadSpec {
    /// Where the service listens.
    pub target: SocketAddr,
    /// Requests due per second, at equal distances.
    pub rate_per_second: f64,
    /// Share of each kind of client.
    pub mix: ClientMix,
    /// How long a connection of [`ClientKind::Idle`] rests between two requests.
    pub idle_interval: Duration,
    /// Connections that the keep-alive pool and the idle clients each keep at most.
    pub kept_connections_max: usize,
    /// Connections of the HTTP/2 clients.
    pub http2_connections: usize,
    /// A request without a complete answer this long after it was due has timed out.
    pub request_timeout: Duration,
    /// Requests under way at once; one that is due beyond this is counted as `overload`.
    pub max_in_flight: usize,
    /// Same seed, same requests from the same kinds of client in the same order.
    pub seed: u64,
}

/// Weights of the kinds of client; 0 leaves a kind out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientMix {
    /// Weight of [`ClientKind::PerRequest`].
    pub per_request: u32,
    /// Weight of [`ClientKind::KeepAlive`].
    pub keep_alive: u32,
    /// Weight of [`ClientKind::Idle`].
    pub idle: u32,
    /// Weight of [`ClientKind::Http2`].
    pub http2: u32,
}

impl LoadSpec {
    /// All four kinds of client at this rate.
    pub fn new(target: SocketAddr, rate_per_second: f64) -> LoadSpec {
        LoadSpec {
            target,
            rate_per_second,
            mix: ClientMix::default(),
            idle_interval: Duration::from_secs(3),
            kept_connections_max: 256,
            http2_connections: 2,
            request_timeout: Duration::from_secs(10),
            // A stall of 2 s at 1000 requests per second fits in.
            max_in_flight: 2_000,
            seed: 0,
        }
    }

    /// The same load with another seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> LoadSpec {
        self.seed = seed;
        self
    }

    pub(super) fn check(&self) -> Result<(), LoadError> {
        let invalid = |reason| Err(LoadError::InvalidSpec { reason });
        if !self.rate_per_second.is_finite() || self.rate_per_second <= 0.0 {
            return invalid("rate_per_second must be above 0");
        }
        if self.mix.total() == 0 {
            return invalid("the mix has no kind of client");
        }
        if self.http2_connections == 0 {
            return invalid("http2_connections must be at least 1");
        }
        Ok(())
    }
}

impl Default for ClientMix {
    /// Mostly keep-alive, as real clients are, with enough of the others to show a failure.
    fn default() -> ClientMix {
        ClientMix { per_request: 25, keep_alive: 40, idle: 5, http2: 30 }
    }
}

impl ClientMix {
    pub(super) fn total(self) -> u32 {
        self.per_request + self.keep_alive + self.idle + self.http2
    }

    /// The kind for a number below [`ClientMix::total`].
    pub(super) fn pick(self, number: u32) -> ClientKind {
        if number < self.per_request {
            ClientKind::PerRequest
        } else if number < self.per_request + self.keep_alive {
            ClientKind::KeepAlive
        } else if number < self.per_request + self.keep_alive + self.idle {
            ClientKind::Idle
        } else {
            ClientKind::Http2
        }
    }
}
