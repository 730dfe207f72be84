//! [`Deployment`]: what callers hold. All methods take `&self`; it can be shared.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    board::Board,
    controller::{Command, Controller},
    error::DeploymentError,
    event::{Event, EventKind},
    process::{self, PodSignal},
    snapshot::{RolloutPhase, Snapshot},
    spec::DeploymentSpec,
    template::PodTemplate,
};

/// Kubernetes' default of `revisionHistoryLimit`.
const HISTORY_MAX: usize = 10;
/// What a termination may take on top of its grace: signals, reaping, scheduling.
const TERMINATION_SLACK: Duration = Duration::from_secs(15);
/// Commands come from callers that wait for their effect, so few are ever queued.
const COMMANDS_MAX: usize = 16;

/// A Deployment. Dropping it kills all its pods.
pub struct Deployment {
    spec: Arc<DeploymentSpec>,
    board: Board,
    commands: mpsc::Sender<Command>,
    /// Templates rolled out, the wanted one last, and the number of rollouts so far.
    history: Mutex<(VecDeque<Arc<PodTemplate>>, u64)>,
    _controller: AbortOnDropHandle<()>,
}

/// A rollout that is complete.
#[derive(Clone, Debug)]
pub struct RolloutOutcome {
    /// The release that serves now.
    pub release: String,
    /// When the rollout was asked for.
    pub started: Instant,
    /// When the last new pod was available and the last old one was told to end. Old pods may
    /// still be terminating; see [`Deployment::wait_terminated`].
    pub completed: Instant,
}

impl Deployment {
    /// Starts the controller, which at once starts the pods; see [`Deployment::wait_complete`].
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`DeploymentError::InvalidSpec`].
    pub fn start(
        spec: DeploymentSpec,
        template: PodTemplate,
    ) -> Result<Deployment, DeploymentError> {
        spec.check()?;
        let (spec, template) = (Arc::new(spec), Arc::new(template));
        let board = Board::new(Snapshot::before(&template.release));
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let release = template.release.clone();
        board.record(EventKind::RolloutStarted, None, &release, format!("rollout of {release}"));
        let controller = Controller::new(spec.clone(), board.clone(), template.clone());
        let task = tokio::spawn(controller.run(receiver));
        Ok(Deployment {
            spec,
            board,
            commands,
            history: Mutex::new((VecDeque::from([template]), 1)),
            _controller: AbortOnDropHandle::new(task),
        })
    }

    /// Waits until the latest rollout is complete or its progress deadline has passed.
    ///
    /// # Errors
    /// [`DeploymentError::ProgressDeadlineExceeded`], `Superseded` or `ShutDown`.
    pub async fn wait_complete(&self) -> Result<RolloutOutcome, DeploymentError> {
        let revision = self.lock_history().1;
        self.wait_revision(revision).await
    }

    /// Replaces all pods by pods of this template and waits until that is done.
    ///
    /// # Errors
    /// As [`Deployment::wait_complete`]. After an error nothing is rolled back: pods that serve go
    /// on serving and the controller goes on trying.
    pub async fn rollout(&self, template: PodTemplate) -> Result<RolloutOutcome, DeploymentError> {
        let revision = {
            let mut history = self.lock_history();
            // Going back to an earlier template moves it to the end, as a revision does.
            history.0.retain(|earlier| **earlier != template);
            if history.0.len() == HISTORY_MAX {
                history.0.pop_front();
            }
            history.0.push_back(Arc::new(template.clone()));
            history.1 += 1;
            history.1
        };
        let command = Command::Rollout { template: Arc::new(template), revision };
        self.commands.send(command).await.map_err(|_| DeploymentError::ShutDown)?;
        self.wait_revision(revision).await
    }

    /// Rolls out the template before the latest one, as `kubectl rollout undo` does.
    ///
    /// # Errors
    /// [`DeploymentError::NothingToRollBackTo`], else as [`Deployment::rollout`].
    pub async fn rollback(&self) -> Result<RolloutOutcome, DeploymentError> {
        let earlier = {
            let history = self.lock_history();
            history.0.iter().rev().nth(1).map(|template| PodTemplate::clone(template))
        };
        self.rollout(earlier.ok_or(DeploymentError::NothingToRollBackTo)?).await
    }

    /// Sends a signal to a pod's process.
    ///
    /// # Errors
    /// [`DeploymentError::NoSuchPod`], [`DeploymentError::Signal`].
    pub fn kill(&self, pod: &str, signal: PodSignal) -> Result<(), DeploymentError> {
        let pid = self.board.snapshot().pod(pod).and_then(|status| status.pid);
        let pid = pid.ok_or_else(|| DeploymentError::NoSuchPod { pod: pod.into() })?;
        process::send(pid, signal)
            .map_err(|source| DeploymentError::Signal { pod: pod.into(), source })
    }

    /// Pods and rollout as they are now.
    pub fn snapshot(&self) -> Snapshot {
        self.board.snapshot()
    }

    /// Pods and rollout, to wait for a state (`wait_for`).
    pub fn watch(&self) -> watch::Receiver<Snapshot> {
        self.board.watch()
    }

    /// Addresses of the ready pods, without delay; what a [`Service`](crate::service::Service) takes.
    pub fn endpoints(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.board.watch_endpoints()
    }

    /// What happened so far, oldest first (the last 10,000 events).
    pub fn events(&self) -> Vec<Event> {
        self.board.events()
    }

    /// Waits until no pod is terminating, at most as long as a termination may take.
    ///
    /// # Errors
    /// [`DeploymentError::StillThere`], [`DeploymentError::ShutDown`].
    pub async fn wait_terminated(&self) -> Result<(), DeploymentError> {
        self.wait_without(|snapshot| {
            let terminating =
                snapshot.pods.iter().filter(|pod| pod.phase == super::PodPhase::Terminating);
            terminating.count()
        })
        .await
    }

    /// Ends all pods (pre-stop, SIGTERM, grace, SIGKILL) and waits until they are gone.
    ///
    /// # Errors
    /// [`DeploymentError::StillThere`]; what is left is killed when the Deployment is dropped.
    pub async fn shutdown(&self) -> Result<(), DeploymentError> {
        if self.commands.send(Command::ShutDown).await.is_err() {
            return Ok(());
        }
        // The command must have arrived before an empty list means anything.
        let mut board = self.board.watch();
        let arrived = board.wait_for(|seen| seen.rollout.phase == RolloutPhase::ShutDown);
        arrived.await.map_err(|_| DeploymentError::ShutDown)?;
        self.wait_without(|snapshot| snapshot.pods.len()).await
    }

    async fn wait_without(
        &self,
        count: impl Fn(&Snapshot) -> usize,
    ) -> Result<(), DeploymentError> {
        let waited = self.spec.pre_stop + self.spec.termination_grace + TERMINATION_SLACK;
        let mut board = self.board.watch();
        match timeout(waited, board.wait_for(|snapshot| count(snapshot) == 0)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(DeploymentError::ShutDown),
            Err(_) => {
                Err(DeploymentError::StillThere { pods: count(&self.board.snapshot()), waited })
            }
        }
    }

    async fn wait_revision(&self, revision: u64) -> Result<RolloutOutcome, DeploymentError> {
        let mut board = self.board.watch();
        let settled = board.wait_for(|snapshot| {
            let rollout = &snapshot.rollout;
            rollout.revision > revision
                || rollout.phase == RolloutPhase::ShutDown
                || (rollout.revision == revision && rollout.phase != RolloutPhase::Progressing)
        });
        // Bounded by the progress deadline, which the controller watches.
        let rollout = settled.await.map_err(|_| DeploymentError::ShutDown)?.rollout.clone();
        if rollout.phase == RolloutPhase::ShutDown {
            return Err(DeploymentError::ShutDown);
        }
        if rollout.revision != revision {
            let release = self.release_before(&rollout.release);
            return Err(DeploymentError::Superseded { release });
        }
        match rollout.phase {
            RolloutPhase::Complete { at } => Ok(RolloutOutcome {
                release: rollout.release,
                started: rollout.started,
                completed: at,
            }),
            _ => Err(DeploymentError::ProgressDeadlineExceeded {
                release: rollout.release,
                deadline: self.spec.progress_deadline,
                detail: self.last_deadline_text(),
            }),
        }
    }

    fn release_before(&self, current: &str) -> String {
        let history = self.lock_history();
        let earlier = history.0.iter().rev().nth(1);
        earlier.map_or_else(|| current.into(), |template| template.release.clone())
    }

    fn last_deadline_text(&self) -> String {
        let mut events = self.events().into_iter().rev();
        let exceeded = events.find(|event| event.kind == EventKind::ProgressDeadlineExceeded);
        exceeded.map(|event| event.text).unwrap_or_default()
    }

    fn lock_history(&self) -> std::sync::MutexGuard<'_, (VecDeque<Arc<PodTemplate>>, u64)> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
