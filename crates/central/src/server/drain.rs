//! Leaving so that no request fails.
//!
//! In this order:
//! 1. Not ready. Everything is served as before, and new connections are taken, while those that route
//!    to us learns of it (`propagation`). HTTP/1 responses say `Connection: close`. Background work is
//!    handed over at the same time (`workers`).
//! 2. HTTP/2 connections get GOAWAY, in two steps, so that no stream that is on its way is lost.
//!    Sensors' streams end after everything received is stored and acknowledged (`streams`).
//! 3. A client that uses its connection every few seconds must have met one such response before its
//!    connection is closed under it: idle connections live on until `idle` has passed since 1.
//! 4. No new connections; those that the kernel holds are taken. What came in last gets `fresh` to
//!    send its first request, then all are told to end.
//! 5. What is in flight gets `in_flight`; what then is left, is cut.
//! 6. The database's registry is told that this instance is gone, and its connections end (`pool`).
//!
//! Each part has a deadline of its own. What a part has cut at its deadline stands in the log and in the
//! [`DrainReport`]: nothing is cut silently.

mod report;
mod workers;

pub use report::{DrainReport, PoolEnded, RequestsEnded, WorkersEnded};

use super::Central;
use crate::database::Pool;
use crate::route::{Lifecycle, StreamsEnded};
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
    /// The deadline has passed: every connection ends where it is.
    Cut,
}

/// Connections that were cut have this long to be gone: they do nothing but end.
const CUT_WAIT: Duration = Duration::from_secs(1);

/// How often is looked whether the pool's connections are back.
const POOL_POLL: Duration = Duration::from_millis(10);

pub(super) async fn drain(central: Central) -> DrainReport {
    let (release, address) = (central.release.name, central.address);
    if *central.lifecycle.borrow() == Lifecycle::Starting {
        central.upgrade.leave().await;
        return DrainReport::default();
    }
    let began = Instant::now();
    tracing::info!(release, %address, open = central.connections.len(), "draining");
    central.lifecycle.send_replace(Lifecycle::Draining);
    central.phase.send_replace(DrainPhase::Announcing);

    let (upgrade, pool, timing) = (central.upgrade.clone(), central.pool.clone(), central.drain);
    let (workers, (streams, requests)) =
        tokio::join!(workers::end(&upgrade, timing.workers), end_clients(central, began));
    // Before leaving: then its share of the connections is others'.
    let pool = end_pool(&pool, timing.pool).await;
    upgrade.leave().await;
    let report = DrainReport { workers, streams, requests, pool, took: began.elapsed() };
    report.log(address);
    report
}

/// Ends streams and connections; no new ones come afterwards.
async fn end_clients(central: Central, began: Instant) -> (StreamsEnded, RequestsEnded) {
    let Central { phase, acceptor, connections, in_flight, streams, health, drain, .. } = central;
    sleep_until(began + drain.propagation).await;
    phase.send_replace(DrainPhase::GoAway);
    let closing = async {
        sleep_until(began + drain.propagation.max(drain.idle)).await;
        acceptor.stop().await;
        tokio::time::sleep(drain.fresh).await;
    };
    // Streams are over before connections are told to close: a connection that carries one would
    // stay as long as it does.
    let (streams, ()) = tokio::join!(streams.end_all(drain.streams), closing);
    drop(health);
    phase.send_replace(DrainPhase::Closing);
    connections.close();
    let mut requests = RequestsEnded::default();
    if timeout(drain.in_flight, connections.wait()).await.is_err() {
        requests.cut = in_flight.requests();
        requests.connections_cut = connections.len();
        phase.send_replace(DrainPhase::Cut);
        if timeout(CUT_WAIT, connections.wait()).await.is_err() {
            tracing::warn!(left = connections.len(), "connections that were cut are still there");
        }
    }
    (streams, requests)
}

async fn end_pool(pool: &Pool, patience: Duration) -> PoolEnded {
    pool.close();
    let back = async {
        while pool.size() > 0 {
            tokio::time::sleep(POOL_POLL).await;
        }
    };
    match timeout(patience, back).await {
        Ok(()) => PoolEnded::default(),
        Err(_) => PoolEnded { connections_cut: pool.size() },
    }
}
