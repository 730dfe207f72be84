//! What can go wrong with a Deployment, for its callers.

use std::time::Duration;

/// An error of a [`Deployment`](super::Deployment).
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The specification contradicts itself.
    #[error("invalid deployment: {reason}")]
    InvalidSpec {
        /// What contradicts what.
        reason: &'static str,
    },
    /// `progressDeadlineSeconds` passed without progress. The pods that served go on serving, and
    /// the controller goes on trying.
    #[error(
        "progress deadline exceeded: release `{release}` made no progress for {} ms ({detail})",
        deadline.as_millis()
    )]
    ProgressDeadlineExceeded {
        /// The release that was being rolled out.
        release: String,
        /// The deadline that passed.
        deadline: Duration,
        /// State of the new pods, with the end of their output.
        detail: String,
    },
    /// Another rollout was started before this one was complete.
    #[error("rollout of release `{release}` was replaced by another one")]
    Superseded {
        /// The release whose rollout was given up.
        release: String,
    },
    /// There is no earlier template to go back to.
    #[error("there is no earlier release to roll back to")]
    NothingToRollBackTo,
    /// No pod of this name runs.
    #[error("no running pod is named `{pod}`")]
    NoSuchPod {
        /// The name asked for.
        pod: String,
    },
    /// A signal could not be sent.
    #[error("could not send a signal to pod `{pod}`")]
    Signal {
        /// The pod's name.
        pod: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Pods were still there when the time was up.
    #[error("{pods} pods still exist after {} ms", waited.as_millis())]
    StillThere {
        /// How many.
        pods: usize,
        /// How long was waited.
        waited: Duration,
    },
    /// The controller's task has ended.
    #[error("the deployment has been shut down")]
    ShutDown,
}
