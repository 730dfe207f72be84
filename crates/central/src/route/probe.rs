//! `/livez`, `/readyz`, `/startupz`: what the cluster asks.
//!
//! Invariants: alive is whoever answers (a migrating instance is never killed for it); ready is only
//! who serves and does not drain; started is who served once.

use super::state::{Lifecycle, ServiceState};
use axum::{extract::State, http::StatusCode};

/// Alive: the process answers.
pub(super) async fn livez() -> StatusCode {
    StatusCode::OK
}

/// Ready: new clients may be sent here.
pub(super) async fn readyz(State(state): State<ServiceState>) -> (StatusCode, &'static str) {
    match *state.lifecycle.borrow() {
        Lifecycle::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Lifecycle::Serving => (StatusCode::OK, "ready"),
        Lifecycle::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    }
}

/// Started: the migrations that must precede serving are done.
pub(super) async fn startupz(State(state): State<ServiceState>) -> (StatusCode, &'static str) {
    match *state.lifecycle.borrow() {
        Lifecycle::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Lifecycle::Serving | Lifecycle::Draining => (StatusCode::OK, "started"),
    }
}
