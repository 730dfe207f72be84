//! The kubelet's part for one pod: start the process, probe it, start it again, end it.
//!
//! The controller spawns one task per pod and cancels its token to delete the pod; the task ends
//! when the process is gone for good. Dropping the task kills the process.
//!
//! **Invariant:** SIGTERM is sent no earlier than `pre_stop` after the pod was marked terminating
//! (whereupon it is no endpoint any more), SIGKILL no later than `termination_grace` after it.

use std::{net::SocketAddr, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{
    process::Child,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    board::Board,
    event::EventKind,
    output::Output,
    port, probe,
    process::{self, PodSignal},
    snapshot::PodPhase,
    spec::{DeploymentSpec, Probe},
    template::PodTemplate,
};
use crate::cause::chain;

/// A pod whose pre-stop used up the whole grace still gets this long after SIGTERM, as in the kubelet.
const GRACE_AFTER_PRE_STOP: Duration = Duration::from_secs(2);
/// How long a killed process may take to vanish before that is reported.
const REAP_TIMEOUT: Duration = Duration::from_secs(10);
/// Lines of output quoted when a process ends unasked.
const QUOTED_LINES: usize = 5;

/// One pod.
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) template: Arc<PodTemplate>,
    pub(crate) spec: Arc<DeploymentSpec>,
    pub(crate) board: Board,
    pub(crate) output: Output,
    /// Cancelled to delete the pod.
    pub(crate) delete: CancellationToken,
}

/// Why a process is no longer running.
enum End {
    Deleted,
    Failed(String),
}

impl Pod {
    /// Runs the pod until it is deleted and its process is gone.
    pub(crate) async fn run(self, mut address: SocketAddr) {
        let mut pause = self.spec.restart_backoff.first;
        loop {
            let (end, was_ready) = self.run_process(&mut address).await;
            match end {
                End::Deleted => break,
                End::Failed(why) => self.enter(PodPhase::Pending, EventKind::PodFailed, why),
            }
            if was_ready {
                pause = self.spec.restart_backoff.first;
            }
            if timeout(pause, self.delete.cancelled()).await.is_ok() {
                break;
            }
            pause = (pause * 2).min(self.spec.restart_backoff.max);
            self.board.change_pod(&self.name, |pod| pod.restarts += 1);
        }
        self.board.remove_pod(&self.name, &self.template.release);
    }

    /// Starts the process once and sees it to its end; tells besides whether it was ever ready.
    async fn run_process(&self, address: &mut SocketAddr) -> (End, bool) {
        if !port::is_free(address.port()) {
            match port::allocate() {
                Some(port) => address.set_port(port),
                None => return (End::Failed("no free port on 127.0.0.1".into()), false),
            }
        }
        let log = self.spec.log_directory.as_deref();
        let started = process::start(&self.template, &self.name, *address, &self.output, log);
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                let program = self.template.program.display();
                return (
                    End::Failed(format!("could not start `{program}`: {}", chain(&error))),
                    false,
                );
            }
        };
        let pid = process.child.id();
        self.board.change_pod(&self.name, |pod| {
            pod.pid = pid;
            pod.address = *address;
        });
        let text = format!("process {} on {address}", pid.unwrap_or(0));
        self.enter(PodPhase::Running, EventKind::PodStarted, text);

        let mut was_ready = false;
        let end = tokio::select! {
            biased;
            () = self.delete.cancelled() => End::Deleted,
            status = process.child.wait() => End::Failed(self.describe_exit(status)),
            why = self.watch_health(*address, &mut was_ready) => End::Failed(why),
        };
        // After `wait` returned there is nothing left to end.
        if process.child.id().is_some() {
            let pre_stop = match end {
                End::Deleted => self.spec.pre_stop,
                End::Failed(_) => Duration::ZERO,
            };
            self.terminate(&mut process.child, pre_stop).await;
        }
        self.board.change_pod(&self.name, |pod| pod.pid = None);
        (end, was_ready)
    }

    /// Probes for ever; returns only when the startup probe has failed.
    async fn watch_health(&self, address: SocketAddr, was_ready: &mut bool) -> String {
        if let Some(startup) = &self.spec.startup_probe
            && let Err(why) = self.await_startup(address, startup).await
        {
            return why;
        }
        let Some(readiness) = &self.spec.readiness_probe else {
            *was_ready = true;
            self.enter(PodPhase::Ready, EventKind::PodReady, "ready".into());
            return std::future::pending().await;
        };
        sleep(readiness.initial_delay).await;
        let (mut successes, mut failures, mut ready) = (0, 0, false);
        loop {
            match probe::ask(address, &readiness.path, readiness.timeout).await {
                Ok(()) => (successes, failures) = (successes + 1, 0),
                Err(error) => {
                    (successes, failures) = (0, failures + 1);
                    if ready && failures >= readiness.failure_threshold {
                        ready = false;
                        let text = format!("readiness probe failed: {}", chain(&error));
                        self.enter(PodPhase::Running, EventKind::PodNotReady, text);
                    }
                }
            }
            if !ready && successes >= readiness.success_threshold {
                (ready, *was_ready) = (true, true);
                self.enter(PodPhase::Ready, EventKind::PodReady, "ready".into());
            }
            sleep(readiness.period).await;
        }
    }

    async fn await_startup(&self, address: SocketAddr, startup: &Probe) -> Result<(), String> {
        sleep(startup.initial_delay).await;
        let (mut successes, mut failures) = (0, 0);
        loop {
            match probe::ask(address, &startup.path, startup.timeout).await {
                Ok(()) => {
                    (successes, failures) = (successes + 1, 0);
                    if successes >= startup.success_threshold {
                        return Ok(());
                    }
                }
                Err(error) => {
                    (successes, failures) = (0, failures + 1);
                    if failures >= startup.failure_threshold {
                        return Err(format!(
                            "startup probe failed {failures} times: {}",
                            chain(&error)
                        ));
                    }
                }
            }
            sleep(startup.period).await;
        }
    }

    fn enter(&self, phase: PodPhase, kind: EventKind, text: String) {
        self.board.set_phase(&self.name, phase, kind, text);
    }

    /// Pre-stop, SIGTERM, grace, SIGKILL.
    async fn terminate(&self, child: &mut Child, pre_stop: Duration) {
        let grace_ends = Instant::now() + self.spec.termination_grace;
        let pre_stop = pre_stop.min(self.spec.termination_grace);
        if !pre_stop.is_zero() && timeout(pre_stop, child.wait()).await.is_ok() {
            return;
        }
        let Some(pid) = child.id() else { return };
        if let Err(error) = process::send(pid, PodSignal::Terminate) {
            tracing::warn!(%error, pod = self.name, "could not send SIGTERM");
        }
        self.record(EventKind::PodSignalled, "SIGTERM".into());
        let grace_ends = grace_ends.max(Instant::now() + GRACE_AFTER_PRE_STOP.min(pre_stop));
        if timeout_at(grace_ends, child.wait()).await.is_ok() {
            return;
        }
        let grace_ms = self.spec.termination_grace.as_millis();
        self.record(EventKind::PodKilled, format!("SIGKILL after a grace of {grace_ms} ms"));
        match timeout(REAP_TIMEOUT, child.kill()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, pod = self.name, "could not send SIGKILL"),
            Err(_) => tracing::warn!(pod = self.name, "process did not vanish after SIGKILL"),
        }
    }

    fn describe_exit(&self, status: std::io::Result<ExitStatus>) -> String {
        let ended = match status {
            Ok(status) => format!("process ended: {status}"),
            Err(error) => format!("could not wait for the process: {}", chain(&error)),
        };
        match self.output.tail(QUOTED_LINES) {
            tail if tail.is_empty() => ended,
            tail => format!("{ended}; its last output:\n{tail}"),
        }
    }

    fn record(&self, kind: EventKind, text: String) {
        self.board.record(kind, Some(&self.name), &self.template.release, text);
    }
}
