//! What is wanted of a Deployment: how many pods, how they are replaced, probed and ended.
//!
//! Names and meanings are Kubernetes'; the defaults are those of `deploy/` scaled to processes
//! that start in milliseconds, so that tests and the demo do not wait in whole seconds.

use std::{path::PathBuf, time::Duration};

use super::DeploymentError;

/// The wanted state of a [`Deployment`](super::Deployment).
#[derive(Clone, Debug)]
pub struct DeploymentSpec {
    /// Pods are named `NAME-N`.
    pub name: String,
    /// Number of pods wanted.
    pub replicas: u32,
    /// How pods of an older template are replaced.
    pub strategy: Strategy,
    /// For how long a pod must be ready without a break before it counts as available.
    pub min_ready: Duration,
    /// A rollout that makes no progress for this long is reported as failed; nothing rolls back.
    pub progress_deadline: Duration,
    /// From the start of termination (pre-stop included) to SIGKILL.
    pub termination_grace: Duration,
    /// Sleep before SIGTERM, as the native `preStop.sleep` does. Endpoint removal starts with it.
    pub pre_stop: Duration,
    /// Until it succeeds the pod is not probed for readiness; when it fails the pod is restarted.
    pub startup_probe: Option<Probe>,
    /// Decides whether the pod is an endpoint of the service. `None`: ready once started.
    pub readiness_probe: Option<Probe>,
    /// Pause before a pod that ended is started again.
    pub restart_backoff: Backoff,
    /// Where each pod's output is appended to `POD.log`. `None`: only its end is kept in memory.
    pub log_directory: Option<PathBuf>,
}

/// How pods of an older template are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Step by step: never more than `replicas + max_surge` pods that are not terminating, never
    /// fewer than `replicas - max_unavailable` available ones by the controller's doing.
    RollingUpdate {
        /// Pods above `replicas` that may exist during the rollout.
        max_surge: u32,
        /// Pods below `replicas` that may be unavailable during the rollout.
        max_unavailable: u32,
    },
    /// All old pods are gone before the first new one starts.
    Recreate,
}

/// An HTTP GET that tells how a pod is.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Path of the request, such as `/readyz`. A status from 200 to 399 is a success.
    pub path: String,
    /// Pause between the start of the container and the first probe.
    pub initial_delay: Duration,
    /// Pause between two probes.
    pub period: Duration,
    /// A probe that takes longer has failed.
    pub timeout: Duration,
    /// So many failures in a row make the probe fail.
    pub failure_threshold: u32,
    /// So many successes in a row make it succeed.
    pub success_threshold: u32,
}

/// Pauses that double from `first` up to `max`; back to `first` once the pod has been ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// No pause is longer.
    pub max: Duration,
}

impl DeploymentSpec {
    /// Rolling update with one pod of surge and none unavailable, without probes.
    pub fn new(name: impl Into<String>, replicas: u32) -> DeploymentSpec {
        DeploymentSpec {
            name: name.into(),
            replicas,
            strategy: Strategy::RollingUpdate { max_surge: 1, max_unavailable: 0 },
            min_ready: Duration::ZERO,
            // Kubernetes' own default is 600 s.
            progress_deadline: Duration::from_secs(600),
            termination_grace: Duration::from_secs(30),
            pre_stop: Duration::ZERO,
            startup_probe: None,
            readiness_probe: None,
            // The kubelet's is 10 s to 300 s: sized for image pulls, not for local processes.
            restart_backoff: Backoff {
                first: Duration::from_millis(200),
                max: Duration::from_secs(5),
            },
            log_directory: None,
        }
    }

    /// Refuses what Kubernetes' API server refuses.
    pub(crate) fn check(&self) -> Result<(), DeploymentError> {
        let stuck = Strategy::RollingUpdate { max_surge: 0, max_unavailable: 0 };
        if self.strategy == stuck {
            return Err(DeploymentError::InvalidSpec {
                reason: "max_surge and max_unavailable are both 0, so no pod could be replaced",
            });
        }
        if self.progress_deadline <= self.min_ready {
            return Err(DeploymentError::InvalidSpec {
                reason: "progress_deadline must be longer than min_ready",
            });
        }
        Ok(())
    }
}

impl Probe {
    /// A probe of `path` every 100 ms, with a timeout of 1 s, failing after 3 failures in a row.
    pub fn http(path: impl Into<String>) -> Probe {
        Probe {
            path: path.into(),
            initial_delay: Duration::ZERO,
            period: Duration::from_millis(100),
            timeout: Duration::from_secs(1),
            failure_threshold: 3,
            success_threshold: 1,
        }
    }

    /// The same probe with another pause between two probes.
    #[must_use]
    pub fn period(mut self, period: Duration) -> Probe {
        self.period = period;
        self
    }

    /// The same probe failing only after `failures` failures in a row.
    #[must_use]
    pub fn failure_threshold(mut self, failures: u32) -> Probe {
        self.failure_threshold = failures;
        self
    }
}
