//! Probes: what Kubernetes (or any load balancer) asks a service.
//!
//! - `/livez`: the process answers. Never fails while a migration runs: a liveness kill of a
//!   migrating process leaves orphaned statements.
//! - `/startupz`: registered, and the upgrade has not failed. Passes while expand steps run, so that
//!   a startup probe does not kill what makes progress.
//! - `/readyz`: serving, not draining, not below the floor.
//!
//! [`Health`] has the answers for any server; the routes for axum are behind the feature `probes`.

use crate::driver::Upgrade;
use crate::error::chain;
use crate::instance::Refusal;
use serde::Serialize;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Serving {
    No,
    Yes,
    Draining,
}

/// What the probes answer from. Cheap to clone; never asks the database.
#[derive(Clone)]
pub struct Health {
    upgrade: watch::Receiver<Upgrade>,
    refusal: Refusal,
    serving: watch::Sender<Serving>,
}

/// The answer of a probe.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Probe {
    /// Whether the probe passes.
    pub ok: bool,
    /// Why, in plain words.
    pub why: String,
}

impl Probe {
    fn pass(why: &str) -> Self {
        Self { ok: true, why: why.to_owned() }
    }

    fn fail(why: impl Into<String>) -> Self {
        Self { ok: false, why: why.into() }
    }
}

impl Health {
    pub(crate) fn new(upgrade: watch::Receiver<Upgrade>, refusal: Refusal) -> Self {
        let (serving, _) = watch::channel(Serving::No);
        Self { upgrade, refusal, serving }
    }

    pub(crate) fn set_serving(&self) {
        self.serving.send_if_modified(|serving| {
            let changed = *serving == Serving::No;
            if changed {
                *serving = Serving::Yes;
            }
            changed
        });
    }

    pub(crate) fn set_draining(&self) {
        self.serving.send_replace(Serving::Draining);
    }

    /// Whether the process lives.
    pub fn live(&self) -> Probe {
        Probe::pass("alive")
    }

    /// Whether the process has started and makes progress.
    pub fn startup(&self) -> Probe {
        match &*self.upgrade.borrow() {
            Upgrade::Failed(error) => Probe::fail(chain(error.as_ref())),
            Upgrade::Waiting(why) => Probe::pass(why),
            Upgrade::Servable => Probe::pass("started"),
        }
    }

    /// Whether new requests may be sent here.
    pub fn ready(&self) -> Probe {
        if let Some(error) = &*self.refusal.borrow() {
            return Probe::fail(chain(error.as_ref()));
        }
        match *self.serving.borrow() {
            Serving::Draining => return Probe::fail("draining"),
            Serving::Yes => return Probe::pass("serving"),
            Serving::No => {}
        }
        match &*self.upgrade.borrow() {
            Upgrade::Failed(error) => Probe::fail(chain(error.as_ref())),
            Upgrade::Waiting(why) => Probe::fail(why.as_str()),
            Upgrade::Servable => Probe::fail("not serving yet"),
        }
    }
}

/// The routes `/livez`, `/startupz` and `/readyz`.
#[cfg(feature = "probes")]
pub fn router(health: Health) -> axum::Router {
    use axum::{Json, Router, http::StatusCode, routing::get};
    let answer = |probe: Probe| {
        let status = if probe.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(probe))
    };
    let (live, startup, ready) = (health.clone(), health.clone(), health);
    Router::new()
        .route("/livez", get(move || async move { answer(live.live()) }))
        .route("/startupz", get(move || async move { answer(startup.startup()) }))
        .route("/readyz", get(move || async move { answer(ready.ready()) }))
}
