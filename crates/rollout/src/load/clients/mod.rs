//! The kinds of client, one file each; `exchange.rs` does one HTTP/1.1 exchange for three of them,
//! `failure.rs` sorts errors into outcomes. `long_stream.rs` runs apart from the others, for
//! `streams/`; it alone sends again, what was not acknowledged.
//!
//! **Invariant:** a request (not an event of a stream) of which a single byte may have been written is never sent again. A
//! connection that the server had closed *before* (an end of stream already received, a GOAWAY) is
//! replaced by a new one, as every client does; hyper hands such a request back unwritten.

mod exchange;
mod failure;
mod http2;
mod idle;
mod keep_alive;
mod long_stream;
mod message;
mod per_request;

use bytes::Bytes;
use hyper::StatusCode;

pub(super) use failure::Failure;
pub(super) use keep_alive::KeepAliveClient;
pub(super) use long_stream::LongStreamClient;

use super::{outcome::ClientKind, spec::LoadSpec, workload::Request};

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// All clients of one load.
pub(super) struct Clients {
    per_request: per_request::PerRequestClient,
    keep_alive: KeepAliveClient,
    idle: idle::IdleClient,
    http2: http2::Http2Client,
}

impl Clients {
    pub(super) fn new(spec: &LoadSpec) -> Clients {
        let (target, kept_max) = (spec.target, spec.kept_connections_max);
        Clients {
            per_request: per_request::PerRequestClient::new(target),
            keep_alive: KeepAliveClient::new(target, kept_max),
            idle: idle::IdleClient::new(target, spec.idle_interval, kept_max),
            http2: http2::Http2Client::new(target, spec.http2_connections),
        }
    }

    /// How many HTTP/2 requests went to a new connection before they were sent.
    pub(super) fn moved(&self) -> u64 {
        self.http2.moved()
    }

    /// Sends the request once.
    pub(super) async fn send(
        &self,
        kind: ClientKind,
        request: &Request,
    ) -> Result<Answer, Failure> {
        match kind {
            ClientKind::PerRequest => self.per_request.send(request).await,
            ClientKind::KeepAlive => self.keep_alive.send(request).await,
            ClientKind::Idle => self.idle.send(request).await,
            ClientKind::Http2 => self.http2.send(request).await,
        }
    }
}
