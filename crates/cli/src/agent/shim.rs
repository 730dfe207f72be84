//! Ties the process to the agent: on Linux the kernel kills it when the agent dies, however it dies.
//!
//! That can only be asked for by the process itself, so the agent starts this program once more, as
//! `changeover agent-child`, which asks and then becomes the process. Elsewhere it is started as it is:
//! an orphan is harmless all the same, since its instance beats no more, its jobs are given to others
//! and its workers are taken over (docs/agent.md).

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::process::Command;

/// The hidden subcommand.
const SUBCOMMAND: &str = "agent-child";

/// How a shell ends where there is no such program, or it cannot be run. Not ours to change.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

/// What starts `program`, tied to this process where that is possible.
pub(crate) fn command(program: &[OsString]) -> Result<Command> {
    let (first, rest) =
        program.split_first().ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
    if !cfg!(target_os = "linux") {
        let mut command = Command::new(first);
        command.args(rest);
        return Ok(command);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.args([SUBCOMMAND, "--parent"]).arg(std::process::id().to_string()).arg("--");
    command.args(program);
    Ok(command)
}

/// Becomes the process; returns only where that is not possible.
pub(crate) fn become_process(
    parent: u32,
    program: &[OsString],
) -> std::result::Result<u8, Failure> {
    tie(parent)?;
    let mut command = match program.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest);
            command
        }
        None => return Err(Failure::told(ExitCode::Usage, "no program was given")),
    };
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    let name = command.get_program().to_string_lossy();
    tracing::error!(error = changeover::chain(&error), "{name} cannot be started");
    Ok(if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_RUNNABLE })
}

#[cfg(target_os = "linux")]
fn tie(parent: u32) -> std::result::Result<(), Failure> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Failure::new("the process cannot be tied to the agent", error))?;
    // It may have died before that was asked for.
    let now = getppid().map(|pid| pid.as_raw_nonzero().get());
    if now.and_then(|pid| u32::try_from(pid).ok()) != Some(parent) {
        return Err(Failure::told(ExitCode::Failed, "the agent has died"));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn tie(_parent: u32) -> std::result::Result<(), Failure> {
    Ok(())
}
