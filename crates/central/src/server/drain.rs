//! Leaving so that no request fails.
//!
//! In this order:
//! 1. Not ready. Everything is served as before, and new connections are taken, while whoever routes
//!    to us learns of it (`propagation`). HTTP/1 responses say `Connection: close`.
//! 2. HTTP/2 connections get GOAWAY, in two steps, so that no stream that is on its way is lost.
//! 3. A client that uses its connection every few seconds must have met one such response before its
//!    connection is closed under it: idle connections live on until `idle` has passed since 1.
//! 4. No new connections; those that the kernel holds are taken. What came in last gets `fresh` to
//!    send its first request, then all are told to end.
//! 5. What is in flight gets `in_flight`; what then is left, is cut.
//! 6. The database's registry is told that this instance is gone.

use super::Central;
use crate::route::Lifecycle;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How far a drain is. Only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrainPhase {
    /// No drain.
    Serving,
    /// Not ready any more, serving everyone.
    Announcing,
    /// HTTP/2 clients are told to go elsewhere.
    GoAway,
    /// Every connection ends after the request that it is at.
    Closing,
}

/// How long the parts of a drain take.
#[derive(Clone, Copy, Debug)]
pub struct DrainTiming {
    /// From not ready until nobody sends new connections here: the time that endpoints take to
    /// propagate, and a probe's period before that.
    pub propagation: Duration,
    /// From not ready until idle connections are closed. Longer than the pause after which clients
    /// use a connection again.
    pub idle: Duration,
    /// What a connection that was accepted last has for its first request.
    pub fresh: Duration,
    /// What requests in flight have for their end. All parts together must stay below the grace
    /// after which the process is killed (30 s by default in Kubernetes).
    pub in_flight: Duration,
}

impl Default for DrainTiming {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(3),
            idle: Duration::from_secs(4),
            fresh: Duration::from_millis(300),
            in_flight: Duration::from_secs(10),
        }
    }
}

pub(super) async fn drain(central: Central) {
    let Central {
        pool,
        lifecycle,
        phase,
        acceptor,
        connections,
        drain,
        upgrade,
        address,
        release,
        ..
    } = central;
    if *lifecycle.borrow() == Lifecycle::Starting {
        upgrade.leave().await;
        return;
    }
    let began = Instant::now();
    tracing::info!(release = release.name, %address, open = connections.len(), "draining");
    lifecycle.send_replace(Lifecycle::Draining);
    phase.send_replace(DrainPhase::Announcing);
    upgrade.drain().await;

    sleep_until(began + drain.propagation).await;
    phase.send_replace(DrainPhase::GoAway);

    sleep_until(began + drain.propagation.max(drain.idle)).await;
    acceptor.stop().await;

    tokio::time::sleep(drain.fresh).await;
    phase.send_replace(DrainPhase::Closing);

    connections.close();
    if timeout(drain.in_flight, connections.wait()).await.is_err() {
        tracing::warn!(cut = connections.len(), "requests were still in flight at the deadline");
    }
    // Before leaving: then its share of the connections is others'.
    pool.close();
    upgrade.leave().await;
    tracing::info!(%address, took_ms = began.elapsed().as_millis(), "drained");
}
