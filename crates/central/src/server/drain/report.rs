//! How an instance has left: what ended in order, and exactly what was cut.

use crate::route::StreamsEnded;
use serde::Serialize;
use std::{net::SocketAddr, time::Duration};

/// How an instance has left, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DrainReport {
    /// Background work.
    pub workers: WorkersEnded,
    /// Sensors' streams.
    pub streams: StreamsEnded,
    /// Requests and their connections.
    pub requests: RequestsEnded,
    /// Connections to the database.
    pub pool: PoolEnded,
    /// How long all of it took.
    pub took: Duration,
}

/// What became of background work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkersEnded {
    /// What was not handed over in time, one each; its successor takes over when the lease is over.
    pub cut: Vec<String>,
}

/// What became of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestsEnded {
    /// Requests that were not answered to the end, by method and path.
    pub cut: Vec<String>,
    /// Connections that were cut, with or without a request.
    pub connections_cut: usize,
}

/// What became of the connections to the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PoolEnded {
    /// Connections that were still in use at the deadline.
    pub connections_cut: usize,
}

impl DrainReport {
    /// Whether nothing was cut.
    pub fn is_clean(&self) -> bool {
        self.workers.cut.is_empty()
            && self.streams.cut.is_empty()
            && self.requests.cut.is_empty()
            && self.requests.connections_cut == 0
            && self.pool.connections_cut == 0
    }

    /// Says what was cut, one line each, and that the instance is gone.
    pub(super) fn log(&self, address: SocketAddr) {
        for work in &self.workers.cut {
            tracing::warn!(work, "cut: not handed over in time");
        }
        for stream in &self.streams.cut {
            let (cluster, epoch) = (stream.cluster_id, stream.epoch);
            let unacknowledged = stream.events_unacknowledged;
            tracing::warn!(%cluster, epoch, unacknowledged, "cut: a sensor's stream");
        }
        for request in &self.requests.cut {
            tracing::warn!(request, "cut: a request in flight");
        }
        let (connections, pooled) = (self.requests.connections_cut, self.pool.connections_cut);
        if connections + pooled > 0 {
            tracing::warn!(connections, pooled, "cut: connections of clients, of the pool");
        }
        let (took_ms, streams) = (self.took.as_millis(), self.streams.in_order);
        tracing::info!(%address, took_ms, streams, is_clean = self.is_clean(), "drained");
    }
}
