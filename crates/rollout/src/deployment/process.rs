//! Starting a pod's process and sending it signals.
//!
//! The child is killed when its handle is dropped. Should this process die without unwinding
//! (SIGKILL), the child's stdin, a pipe that only this process holds, closes: a program that is
//! meant to run as a pod ends itself at the end of its input.

use std::{io, net::SocketAddr, path::Path, process::Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};

use super::{output::Output, template::PodTemplate};

/// Signals that tests send to pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodSignal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL: the pod dies and is started again.
    Kill,
    /// SIGSTOP: the pod freezes, its connections stay open.
    Stop,
    /// SIGCONT: the pod goes on.
    Continue,
}

/// A started process.
pub(crate) struct Process {
    pub(crate) child: Child,
    /// Held open as long as the pod lives; see the module's header.
    _stdin: Option<ChildStdin>,
}

/// Starts the template's program for one pod.
pub(crate) fn start(
    template: &PodTemplate,
    pod: &str,
    address: SocketAddr,
    output: &Output,
    log_directory: Option<&Path>,
) -> io::Result<Process> {
    let fill = |text: &String| template.fill(text, pod, address.port());
    let mut child = Command::new(&template.program)
        .args(template.args.iter().map(fill))
        .envs(template.env.iter().map(|(name, value)| (name, fill(value))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let log = log_directory.map(|directory| directory.join(format!("{pod}.log")));
    output.follow(child.stdout.take(), log.as_deref());
    output.follow(child.stderr.take(), log.as_deref());
    let stdin = child.stdin.take();
    Ok(Process { child, _stdin: stdin })
}

/// Sends a signal to a process of ours that was not reaped yet.
pub(crate) fn send(pid: u32, signal: PodSignal) -> io::Result<()> {
    let signal = match signal {
        PodSignal::Terminate => Signal::TERM,
        PodSignal::Kill => Signal::KILL,
        PodSignal::Stop => Signal::STOP,
        PodSignal::Continue => Signal::CONT,
    };
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(kill_process(pid, signal)?)
}
