//! The Deployment controller: one task that makes what runs what is wanted.
//!
//! It wakes up when the board changes, when a command comes, when a pod becomes available by the
//! passing of `min_ready`, and at the progress deadline. Decisions are in `strategy/`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    board::Board,
    event::EventKind,
    output::Output,
    pod::Pod,
    port,
    progress::{Milestone, Progress},
    snapshot::{PodPhase, PodStatus, RolloutPhase, RolloutStatus, Snapshot},
    spec::DeploymentSpec,
    strategy::{self, Counts, Step},
    template::PodTemplate,
};

/// Lines of a stuck pod's output quoted when the progress deadline passes.
const QUOTED_LINES: usize = 10;
/// Wakes up at least this often; everything of interest wakes it earlier.
const IDLE_WAKE: Duration = Duration::from_secs(60);
/// Pause before trying again to create a pod for which no port was free.
const NO_PORT_PAUSE: Duration = Duration::from_secs(1);

/// What the handle asks of the controller.
pub(crate) enum Command {
    /// Roll out this template as this revision.
    Rollout { template: Arc<PodTemplate>, revision: u64 },
    /// Delete all pods and end.
    ShutDown,
}

/// A pod that the controller created.
struct Owned {
    name: String,
    template: Arc<PodTemplate>,
    output: Output,
    delete: CancellationToken,
    /// Kills the process when dropped.
    _task: AbortOnDropHandle<()>,
}

pub(crate) struct Controller {
    spec: Arc<DeploymentSpec>,
    board: Board,
    wanted: Arc<PodTemplate>,
    pods: Vec<Owned>,
    created: u64,
    progress: Progress,
}

impl Controller {
    pub(crate) fn new(spec: Arc<DeploymentSpec>, board: Board, wanted: Arc<PodTemplate>) -> Self {
        let progress = Progress::begin(spec.progress_deadline);
        Controller { spec, board, wanted, pods: Vec::new(), created: 0, progress }
    }

    /// Runs until it is shut down and all pods are gone, or the handle is dropped.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut changes = self.board.watch();
        loop {
            changes.mark_unchanged();
            let wake = self.reconcile();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Rollout { template, revision }) => self.begin(template, revision),
                    Some(Command::ShutDown) => return self.shut_down(changes).await,
                    None => return,
                },
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn begin(&mut self, template: Arc<PodTemplate>, revision: u64) {
        let release = template.release.clone();
        self.wanted = template;
        self.progress = Progress::begin(self.spec.progress_deadline);
        self.board.change(|snapshot| {
            let text = format!("rollout of {release} (revision {revision})");
            self.board.record(EventKind::RolloutStarted, None, &release, text);
            snapshot.rollout = RolloutStatus {
                revision,
                release,
                started: Instant::now(),
                phase: RolloutPhase::Progressing,
            };
        });
    }

    /// Does all steps that can be done now; returns when to look again if nothing changes before.
    fn reconcile(&mut self) -> Instant {
        // Each pass creates or deletes at least one pod, so this bound is never reached.
        let passes_max = 2 * (self.spec.replicas + 1) + u32::try_from(self.pods.len()).unwrap_or(1);
        let mut lacks_port = false;
        for _ in 0..passes_max {
            let snapshot = self.board.snapshot();
            self.pods.retain(|pod| snapshot.pod(&pod.name).is_some());
            let counts = self.count(&snapshot);
            self.note_progress(&snapshot, counts);
            let step = strategy::decide(self.spec.strategy, counts);
            if step == Step::default() || lacks_port {
                break;
            }
            lacks_port = !self.take(step, &snapshot);
        }
        let retry = if lacks_port { NO_PORT_PAUSE } else { IDLE_WAKE };
        self.next_wake().min(Instant::now() + retry)
    }

    fn count(&self, snapshot: &Snapshot) -> Counts {
        let mut counts = Counts { desired: self.spec.replicas, ..Counts::default() };
        for pod in &self.pods {
            let Some(status) = snapshot.pod(&pod.name) else {
                continue;
            };
            let terminating = status.phase == PodPhase::Terminating;
            let available = u32::from(self.is_available(status));
            match (pod.template == self.wanted, terminating) {
                (true, false) => {
                    counts.new += 1;
                    counts.new_available += available;
                }
                (false, false) => {
                    counts.old += 1;
                    counts.old_available += available;
                }
                (false, true) => counts.old_terminating += 1,
                (true, true) => {}
            }
        }
        counts
    }

    fn is_available(&self, status: &PodStatus) -> bool {
        status.phase == PodPhase::Ready && status.since.elapsed() >= self.spec.min_ready
    }

    /// Carries a step out; false when a pod could not be created for want of a port.
    fn take(&mut self, step: Step, snapshot: &Snapshot) -> bool {
        let is_available =
            |pod: &&Owned| snapshot.pod(&pod.name).is_some_and(|status| self.is_available(status));
        let live = self.pods.iter().filter(|pod| !pod.delete.is_cancelled());
        let (new, old): (Vec<_>, Vec<_>) = live.partition(|pod| pod.template == self.wanted);
        let (new_available, new_unavailable): (Vec<_>, Vec<_>) =
            new.into_iter().partition(is_available);
        let (old_available, old_unavailable): (Vec<_>, Vec<_>) =
            old.into_iter().partition(is_available);
        let doomed = new_unavailable
            .into_iter()
            .chain(new_available)
            .take(step.delete_new as usize)
            .chain(old_unavailable.into_iter().take(step.delete_old_unavailable as usize))
            .chain(old_available.into_iter().take(step.delete_old_available as usize));
        doomed.for_each(|pod| self.delete(pod));
        (0..step.create).all(|_| self.create())
    }

    fn create(&mut self) -> bool {
        let Some(port) = port::allocate() else {
            return false;
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.created += 1;
        let name = format!("{}-{}", self.spec.name, self.created);
        let release = self.wanted.release.clone();
        let status = PodStatus {
            name: name.clone(),
            release,
            address,
            pid: None,
            phase: PodPhase::Pending,
            restarts: 0,
            since: Instant::now(),
        };
        self.board.add_pod(status);
        let pod = Pod {
            name: name.clone(),
            template: self.wanted.clone(),
            spec: self.spec.clone(),
            board: self.board.clone(),
            output: Output::default(),
            delete: CancellationToken::new(),
        };
        let (output, delete) = (pod.output.clone(), pod.delete.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(pod.run(address)));
        self.pods.push(Owned { name, template: self.wanted.clone(), output, delete, _task: task });
        true
    }

    /// Marks the pod terminating, which ends its being an endpoint, and starts its pre-stop: the
    /// service hears of it late while the termination is under way already.
    fn delete(&self, pod: &Owned) {
        let text = "deleted".into();
        self.board.set_phase(&pod.name, PodPhase::Terminating, EventKind::PodTerminating, text);
        pod.delete.cancel();
    }

    fn note_progress(&mut self, snapshot: &Snapshot, counts: Counts) {
        let at = Instant::now();
        match self.progress.note(counts) {
            Some(Milestone::Complete) => {
                let phase = RolloutPhase::Complete { at };
                self.board.set_rollout(phase, EventKind::RolloutComplete, "complete".into());
            }
            Some(Milestone::DeadlineExceeded) => {
                let phase = RolloutPhase::DeadlineExceeded { at };
                let text = self.describe_stuck(snapshot);
                self.board.set_rollout(phase, EventKind::ProgressDeadlineExceeded, text);
            }
            None => {}
        }
    }

    fn describe_stuck(&self, snapshot: &Snapshot) -> String {
        let new = self.pods.iter().filter(|pod| pod.template == self.wanted);
        let stuck = new.filter_map(|pod| {
            let status = snapshot.pod(&pod.name)?;
            let phase = format!("{:?}", status.phase).to_lowercase();
            let mut text = format!("{} is {phase}, {} restarts", pod.name, status.restarts);
            let tail = pod.output.tail(QUOTED_LINES);
            if !tail.is_empty() {
                text = format!("{text}; its last output:\n{tail}");
            }
            Some(text)
        });
        stuck.collect::<Vec<_>>().join("\n")
    }

    /// The next moment at which time alone changes what is to be done.
    fn next_wake(&self) -> Instant {
        let snapshot = self.board.snapshot();
        let now = Instant::now();
        let ready = snapshot.pods.iter().filter(|pod| pod.phase == PodPhase::Ready);
        let matures = ready.map(|pod| pod.since + self.spec.min_ready).filter(|&at| at > now);
        matures.chain(self.progress.deadline()).min().unwrap_or(now + IDLE_WAKE)
    }

    async fn shut_down(self, mut changes: watch::Receiver<Snapshot>) {
        let text = "shut down".into();
        self.board.set_rollout(RolloutPhase::ShutDown, EventKind::ShutDown, text);
        self.pods.iter().filter(|pod| !pod.delete.is_cancelled()).for_each(|pod| self.delete(pod));
        // The handle bounds this wait; when it gives up it aborts this task, killing what is left.
        if changes.wait_for(|snapshot| snapshot.pods.is_empty()).await.is_err() {
            tracing::debug!("the board closed during the shutdown");
        }
    }
}
