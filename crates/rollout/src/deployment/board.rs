//! The one place where pods' states, endpoints and events are written and from which all observe.
//!
//! Pod tasks and the controller write; the handle, the controller and the service watch. Endpoints
//! are published in the same call that changes a phase, so no observer sees one without the other.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio::sync::watch;

use super::{
    event::{Event, EventKind, EventLog},
    snapshot::{PodPhase, PodStatus, RolloutPhase, Snapshot},
};

#[derive(Clone)]
pub(crate) struct Board {
    snapshot: Arc<watch::Sender<Snapshot>>,
    endpoints: Arc<watch::Sender<Vec<SocketAddr>>>,
    events: Arc<Mutex<EventLog>>,
}

impl Board {
    pub(crate) fn new(snapshot: Snapshot) -> Board {
        Board {
            snapshot: Arc::new(watch::Sender::new(snapshot)),
            endpoints: Arc::new(watch::Sender::new(Vec::new())),
            events: Arc::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Snapshot> {
        self.snapshot.subscribe()
    }

    pub(crate) fn watch_endpoints(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.endpoints.subscribe()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).entries()
    }

    /// Changes the snapshot, then publishes the endpoints if they are others now.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut endpoints = Vec::new();
        self.snapshot.send_modify(|snapshot| {
            change(snapshot);
            endpoints = snapshot.endpoints();
        });
        self.endpoints.send_if_modified(|published| {
            let differs = *published != endpoints;
            *published = endpoints;
            differs
        });
    }

    /// Changes one pod's status; a pod that is no longer listed is left alone.
    pub(crate) fn change_pod(&self, name: &str, change: impl FnOnce(&mut PodStatus)) {
        self.change(|snapshot| {
            if let Some(pod) = snapshot.pods.iter_mut().find(|pod| pod.name == name) {
                change(pod);
            }
        });
    }

    /// Moves a pod to a phase and writes down why, in one step for all observers. Terminating is
    /// final: what a probe finds out late neither revives a pod nor is of interest.
    pub(crate) fn set_phase(&self, name: &str, phase: PodPhase, kind: EventKind, text: String) {
        self.change_pod(name, |pod| {
            if pod.phase == PodPhase::Terminating {
                return;
            }
            if pod.phase != phase {
                pod.phase = phase;
                pod.since = Instant::now();
            }
            self.record(kind, Some(name), &pod.release, text);
        });
    }

    pub(crate) fn add_pod(&self, pod: PodStatus) {
        self.change(|snapshot| {
            let text = format!("for {}", pod.address);
            self.record(EventKind::PodCreated, Some(&pod.name), &pod.release, text);
            snapshot.pods.push(pod);
        });
    }

    pub(crate) fn remove_pod(&self, name: &str, release: &str) {
        self.change(|snapshot| {
            snapshot.pods.retain(|pod| pod.name != name);
            self.record(EventKind::PodGone, Some(name), release, "gone".into());
        });
    }

    /// Sets how the latest rollout stands.
    pub(crate) fn set_rollout(&self, phase: RolloutPhase, kind: EventKind, text: String) {
        self.change(|snapshot| {
            snapshot.rollout.phase = phase;
            self.record(kind, None, &snapshot.rollout.release, text);
        });
    }

    pub(crate) fn record(&self, kind: EventKind, pod: Option<&str>, release: &str, text: String) {
        tracing::debug!(?kind, pod, release, "{text}");
        let event = Event {
            at: Instant::now(),
            pod: pod.map(Into::into),
            release: release.into(),
            kind,
            text,
        };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
