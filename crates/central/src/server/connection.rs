//! One connection, HTTP/1.1 or HTTP/2 (with prior knowledge), from its first byte to its end.
//!
//! Invariants while draining:
//! - every HTTP/1 response says `Connection: close`, so that its client opens a new connection, which
//!   goes elsewhere;
//! - a connection that has asked something is told to end by GOAWAY (HTTP/2), or when the time for
//!   idle ones has come (HTTP/1);
//! - its bytes are read before it is told to end (`biased`): hyper drops the first request of a fresh
//!   HTTP/1 connection that is shut down (its issue 3792), and hyper-util one whose version is unread.
//!
//! While serving, an idle connection is never closed from here: a request that is on its way would be
//! lost with it. How many there may be is bounded by the accept loop.

use super::{drain::DrainPhase, in_flight::InFlight};
use axum::{Router, body::Body};
use hyper::{
    Request, Response, Version,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{net::TcpStream, sync::watch};
use tower::ServiceExt;

/// Streams that one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 256;

/// Serves a connection until its client or the drain ends it.
pub(super) async fn serve(
    stream: TcpStream,
    router: Router,
    mut phase: watch::Receiver<DrainPhase>,
    in_flight: Arc<InFlight>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = changeover::chain(&error), "TCP_NODELAY could not be set");
    }
    let is_http2 = AtomicBool::new(false);
    let phase_of_response = phase.clone();
    let service = service_fn(|request: Request<Incoming>| {
        let is_http1 = request.version() < Version::HTTP_2;
        is_http2.store(!is_http1, Ordering::Relaxed);
        let router = router.clone();
        let phase = phase_of_response.clone();
        let ticket = in_flight.enter(&request);
        async move {
            let response: Response<Body> = router.oneshot(request.map(Body::new)).await?;
            let mut response = response.map(|body| ticket.until_sent(body));
            if is_http1 && *phase.borrow() != DrainPhase::Serving {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(STREAMS_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut told_to_end = false;
    loop {
        tokio::select! {
            biased;
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(error, "a connection ended badly");
                }
                return;
            }
            changed = phase.changed() => {
                let now = *phase.borrow_and_update();
                let is_time = match now {
                    DrainPhase::Serving | DrainPhase::Announcing => false,
                    DrainPhase::GoAway => is_http2.load(Ordering::Relaxed),
                    DrainPhase::Closing | DrainPhase::Cut => true,
                };
                // The sender is gone when the instance was dropped without a drain: end at once.
                if changed.is_err() || now == DrainPhase::Cut {
                    return;
                }
                if is_time && !told_to_end {
                    connection.as_mut().graceful_shutdown();
                    told_to_end = true;
                }
            }
        }
    }
}
