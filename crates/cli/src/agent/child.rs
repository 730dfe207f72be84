//! The process that the agent stands beside: started in a group of its own, signalled, reaped.
//!
//! Reaping is ours, not the runtime's: as process 1 of a container the agent also inherits what other
//! processes leave behind, and every one of them must be reaped. So nothing else in the agent may
//! start processes.

use super::shim;
use crate::failure::Failure;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait,
};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use tokio::signal::unix::{self, SignalKind, signal};

/// What a shell adds to the number of the signal that ended a program.
const BY_SIGNAL: i32 = 128;
/// Where the exit code cannot be told.
const UNKNOWN: u8 = 255;

/// A started process.
pub(crate) struct Child {
    pid: Pid,
    changes: unix::Signal,
    ended: Option<u8>,
}

impl Child {
    /// Starts `program` with these variables added to the environment. It reads nothing: in a group of
    /// its own it is in no terminal's foreground.
    pub(crate) fn start(
        program: &[OsString],
        variables: &[(&str, String)],
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::new("the process cannot be started", error);
        let changes = signal(SignalKind::child()).map_err(failed)?;
        let mut command = shim::command(program).map_err(failed)?;
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let child = command.stdin(Stdio::null()).process_group(0).spawn().map_err(failed)?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| failed(std::io::Error::from(Errno::SRCH)))?;
        Ok(Self { pid, changes, ended: None })
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits for its end; the exit code as a shell gives it: 128 and the signal where one ended it.
    pub(crate) async fn ended(&mut self) -> u8 {
        loop {
            if let Some(code) = self.reap() {
                return code;
            }
            if self.changes.recv().await.is_none() {
                return UNKNOWN;
            }
        }
    }

    /// Whether it has ended and was reaped.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Passes a signal on. Its number is ours until it is reaped, so nobody else is hit.
    pub(crate) fn send(&self, what: Signal) {
        if self.ended.is_none()
            && let Err(error) = kill_process(self.pid, what)
        {
            tracing::warn!(
                error = changeover::chain(&error),
                ?what,
                "the process did not get the signal"
            );
        }
    }

    /// Ends it and all of its group.
    pub(crate) fn kill(&self) {
        if self.ended.is_none()
            && let Err(error) = kill_process_group(self.pid, Signal::KILL)
        {
            tracing::warn!(error = changeover::chain(&error), "the process was not killed");
        }
    }

    /// Reaps all that have ended; the exit code once ours has.
    fn reap(&mut self) -> Option<u8> {
        // Ends when nobody is left that has ended.
        while self.ended.is_none() {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.pid => self.ended = Some(exit_code(status)),
                Ok(Some((pid, _status))) => {
                    tracing::debug!(pid = pid.as_raw_nonzero().get(), "reaped an orphan");
                }
                Err(Errno::INTR) => {}
                Ok(None) => break,
                // No children: somebody else has reaped ours.
                Err(_error) => self.ended = Some(UNKNOWN),
            }
        }
        self.ended
    }
}

fn exit_code(status: WaitStatus) -> u8 {
    let by_signal = || status.terminating_signal().map(|number| BY_SIGNAL + number);
    let code = status.exit_status().or_else(by_signal);
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(UNKNOWN)
}
