//! `/livez`, `/readyz`, `/startupz`: what the cluster asks.
//!
//! Where the library runs the upgrade, it answers. Otherwise the same rules: alive is the one that answers;
//! a startup probe passes while migrations run, so that it does not kill what makes progress; ready
//! is only who serves and does not drain.

use super::state::{Lifecycle, ServiceState};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

type Answer = (StatusCode, Json<Value>);

fn answer(ok: bool, why: &str) -> Answer {
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ok": ok, "why": why })))
}

/// Alive: the process answers.
pub(super) async fn livez() -> Answer {
    answer(true, "alive")
}

/// Started, or making progress.
pub(super) async fn startupz(State(state): State<ServiceState>) -> Answer {
    match state.upgrade.health().map(|health| health.startup()) {
        Some(probe) => answer(probe.ok, &probe.why),
        None => match *state.lifecycle.borrow() {
            Lifecycle::Starting => answer(true, "migrating"),
            Lifecycle::Serving | Lifecycle::Draining => answer(true, "started"),
        },
    }
}

/// Ready: new clients may be sent here.
pub(super) async fn readyz(State(state): State<ServiceState>) -> Answer {
    let lifecycle = *state.lifecycle.borrow();
    match (lifecycle, state.upgrade.health().map(|health| health.ready())) {
        (Lifecycle::Draining, _) => answer(false, "draining"),
        (_, Some(probe)) if !probe.ok => answer(false, &probe.why),
        (Lifecycle::Starting, _) => answer(false, "migrating"),
        (Lifecycle::Serving, _) => answer(true, "serving"),
    }
}
