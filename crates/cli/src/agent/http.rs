//! What the agent answers: probes as the library does, and to the process who it is.
//!
//! Anybody who reaches `--listen` may drain the instance: bind it to where only the pod's own processes and
//! the kubelet come.

use super::state::SharedState;
use crate::failure::Failure;
use axum::Json;
use axum::http::StatusCode;
use axum::routing::{get, post};
use changeover::health::{self, Health};
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Binds the address, and answers until the process ends. Returns where that is (port 0: any).
pub(crate) async fn serve(
    address: SocketAddr,
    health: Health,
    state: SharedState,
    drain: CancellationToken,
) -> Result<SocketAddr, Failure> {
    let failed = |error| Failure::new(&format!("{address} cannot be listened on"), error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let instance = state.borrow().instance.to_string();
    let router = health::router(health)
        .route("/instance", get(move || async move { instance }))
        .route("/status", get(move || async move { Json(state.borrow().clone()) }))
        .route(
            "/drain",
            post(move || async move {
                drain.cancel();
                (StatusCode::ACCEPTED, Json(json!({ "draining": true })))
            }),
        );
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(error = changeover::chain(&error), "probes are answered no more");
        }
    });
    Ok(bound)
}
