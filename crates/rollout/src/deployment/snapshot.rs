//! What can be seen of a Deployment at one moment.

use std::{net::SocketAddr, time::Instant};

use serde::Serialize;

/// All pods and the state of the latest rollout.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// In the order of their creation. A pod that is gone is no longer listed.
    pub pods: Vec<PodStatus>,
    /// The latest rollout.
    pub rollout: RolloutStatus,
}

/// One pod.
#[derive(Clone, Debug)]
pub struct PodStatus {
    /// Its name, unique in the Deployment's life.
    pub name: String,
    /// Label of its release.
    pub release: String,
    /// Where it listens (127.0.0.1 and its port).
    pub address: SocketAddr,
    /// Its process, while there is one.
    pub pid: Option<u32>,
    /// Its phase.
    pub phase: PodPhase,
    /// How often its process was started again.
    pub restarts: u32,
    /// Since when it is in this phase.
    pub since: Instant,
}

/// The phase of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPhase {
    /// No process yet, or waiting to be started again.
    Pending,
    /// Its process runs and is not ready.
    Running,
    /// It is an endpoint.
    Ready,
    /// It was told to end; no endpoint any more, though the service may learn of it late.
    Terminating,
}

/// The latest rollout.
#[derive(Clone, Debug)]
pub struct RolloutStatus {
    /// Grows with every rollout, the first one included.
    pub revision: u64,
    /// The release wanted.
    pub release: String,
    /// When it was asked for.
    pub started: Instant,
    /// How it stands.
    pub phase: RolloutPhase,
}

/// How a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutPhase {
    /// Under way.
    Progressing,
    /// Complete since then.
    Complete {
        /// When the last condition became true.
        at: Instant,
    },
    /// The progress deadline passed at that time. The controller still tries.
    DeadlineExceeded {
        /// When it passed.
        at: Instant,
    },
    /// The Deployment was shut down.
    ShutDown,
}

impl Snapshot {
    /// Before anything was done for the first rollout.
    pub(crate) fn before(release: &str) -> Snapshot {
        let rollout = RolloutStatus {
            revision: 1,
            release: release.into(),
            started: Instant::now(),
            phase: RolloutPhase::Progressing,
        };
        Snapshot { pods: Vec::new(), rollout }
    }

    /// Addresses of the pods that are ready.
    pub fn endpoints(&self) -> Vec<SocketAddr> {
        let ready = self.pods.iter().filter(|pod| pod.phase == PodPhase::Ready);
        ready.map(|pod| pod.address).collect()
    }

    /// The pod of this name.
    pub fn pod(&self, name: &str) -> Option<&PodStatus> {
        self.pods.iter().find(|pod| pod.name == name)
    }

    /// The number of pods of this release in this phase.
    pub fn count(&self, release: &str, phase: PodPhase) -> usize {
        self.pods.iter().filter(|pod| pod.release == release && pod.phase == phase).count()
    }
}
