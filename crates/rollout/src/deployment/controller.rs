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
    Rollout {
        template: Arc<PodTemplate>,
        revision: u64,
    },
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
    /// What the last progress led to, and when.
    progress: (Counts, Instant),
    deadline_reported: bool,
}

impl Controller {
    pub(crate) fn new(spec: Arc<DeploymentSpec>, board: Board, wanted: Arc<PodTemplate>) -> Self {
        let progress = (Counts::default(), Instant::now());
        Controller {
            spec,
            board,
            wanted,
            pods: Vec::new(),
            created: 0,
            progress,
            deadline_reported: false,
        }
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
        self.progress = (Counts::default(), Instant::now());
        self.deadline_reported = false;
        self.board.change(|snapshot| {
            let text = format!("rollout of {release} (revision {revision})");
            self.board
                .record(EventKind::RolloutStarted, None, &release, text);
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
        let mut counts = Counts {
            desired: self.spec.replicas,
            ..Counts::default()
        };
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
        let wanted = self.wanted.clone();
        let available = |pod: &Owned| {
            snapshot
                .pod(&pod.name)
                .is_some_and(|status| self.is_available(status))
        };
        let candidates = |is_new: bool, is_available: Option<bool>| -> Vec<usize> {
            let mut found: Vec<usize> = (0..self.pods.len())
                .filter(|&index| {
                    let pod = &self.pods[index];
                    (pod.template == wanted) == is_new
                        && !pod.delete.is_cancelled()
                        && is_available.is_none_or(|wanted| wanted == available(pod))
                })
                .collect();
            found.sort_by_key(|&index| available(&self.pods[index]));
            found
        };
        let mut doomed = candidates(true, None);
        doomed.truncate(step.delete_new as usize);
        doomed.extend(
            candidates(false, Some(false))
                .into_iter()
                .take(step.delete_old_unavailable as usize),
        );
        doomed.extend(
            candidates(false, Some(true))
                .into_iter()
                .take(step.delete_old_available as usize),
        );
        for index in doomed {
            self.delete(index);
        }
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
        self.pods.push(Owned {
            name,
            template: self.wanted.clone(),
            output,
            delete,
            _task: task,
        });
        true
    }

    /// Marks the pod terminating, which ends its being an endpoint, and starts its pre-stop: the
    /// service hears of it late while the termination is under way already.
    fn delete(&self, index: usize) {
        let pod = &self.pods[index];
        let text = "deleted".into();
        self.board.set_phase(
            &pod.name,
            PodPhase::Terminating,
            EventKind::PodTerminating,
            text,
        );
        pod.delete.cancel();
    }

    fn note_progress(&mut self, snapshot: &Snapshot, counts: Counts) {
        if snapshot.rollout.phase != RolloutPhase::Progressing && !self.deadline_reported {
            return;
        }
        if counts.complete() {
            self.deadline_reported = false;
            let phase = RolloutPhase::Complete { at: Instant::now() };
            self.board
                .set_rollout(phase, EventKind::RolloutComplete, "complete".into());
            return;
        }
        let (seen, at) = &mut self.progress;
        if counts.new > seen.new
            || counts.new_available > seen.new_available
            || counts.old < seen.old
            || counts.old_terminating < seen.old_terminating
        {
            *at = Instant::now();
        }
        *seen = counts;
        if at.elapsed() >= self.spec.progress_deadline && !self.deadline_reported {
            self.deadline_reported = true;
            let text = self.describe_stuck(snapshot);
            let phase = RolloutPhase::DeadlineExceeded { at: Instant::now() };
            self.board
                .set_rollout(phase, EventKind::ProgressDeadlineExceeded, text);
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
        let ready = snapshot
            .pods
            .iter()
            .filter(|pod| pod.phase == PodPhase::Ready);
        let matures = ready
            .map(|pod| pod.since + self.spec.min_ready)
            .filter(|&at| at > now);
        let deadline = self.progress.1 + self.spec.progress_deadline;
        let progressing = snapshot.rollout.phase == RolloutPhase::Progressing;
        matures
            .chain(progressing.then_some(deadline))
            .min()
            .unwrap_or(now + IDLE_WAKE)
    }

    async fn shut_down(self, mut changes: watch::Receiver<Snapshot>) {
        let text = "shut down".into();
        self.board
            .set_rollout(RolloutPhase::ShutDown, EventKind::ShutDown, text);
        for index in 0..self.pods.len() {
            if !self.pods[index].delete.is_cancelled() {
                self.delete(index);
            }
        }
        // The handle bounds this wait; when it gives up it aborts this task, killing what is left.
        if changes
            .wait_for(|snapshot| snapshot.pods.is_empty())
            .await
            .is_err()
        {
            tracing::debug!("the board closed during the shutdown");
        }
    }
}

impl Controller {
    /// The snapshot before anything was done.
    pub(crate) fn initial(template: &PodTemplate) -> Snapshot {
        Snapshot {
            pods: Vec::new(),
            rollout: RolloutStatus {
                revision: 1,
                release: template.release.clone(),
                started: Instant::now(),
                phase: RolloutPhase::Progressing,
            },
        }
    }
}
