//! Starts and stops a program that runs for as long as we do: a server, or a pooler before it.
//!
//! The process is launched held back: a shell waits for a line from us and then becomes the
//! program. Meanwhile the watchdog is told its process id, so there is no moment in which we could
//! die and leave a process that nobody knows of. What it prints goes into `log` in its folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::Account;
use crate::bounded_command::tail;
use crate::error::{StartError, file_error};
use crate::watchdog::Watchdog;

/// How much of the log goes into an error, in bytes.
pub(crate) const ERROR_BYTES_MAX: usize = 4000;

/// How much of the log is given to the one that asks, in bytes: what a person reads.
pub(crate) const LOG_BYTES_MAX: usize = 64 * 1024;

/// How often a state is looked for: short beside any start.
const POLL: Duration = Duration::from_millis(5);

/// A running process; our own child.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts the program with the arguments and variables of `command` from `shell`, which is run as
    /// the user that it is to have: see [`shell`].
    ///
    /// Errors: it cannot be run, or the watchdog was killed.
    pub(crate) fn start(
        command: &Command,
        shell: Command,
        watchdog: &mut Watchdog,
    ) -> Result<Self, StartError> {
        let mut child = spawn_held_back(command, shell, watchdog.folder())?;
        let go = child.stdin.take();
        let process = Self { child };
        watchdog.now_guards(Some(process.pid()))?;
        if let Some(mut go) = go {
            writeln!(go, "go").map_err(file_error("start", command.get_program()))?;
        }
        Ok(process)
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process by that signal to end, kills it after `deadline`, and waits for it.
    ///
    /// Errors: it does not even end when killed.
    pub(crate) fn stop(
        &mut self,
        signal: Signal,
        deadline: Duration,
        watchdog: &mut Watchdog,
    ) -> Result<(), StartError> {
        if self.ends_within(Duration::ZERO).is_none() {
            if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
                // A failure means that it has just ended, which is what we wait for.
                kill_process(pid, signal).ok();
            }
            if self.ends_within(deadline).is_none() {
                self.child.kill().map_err(file_error("kill", "the server"))?;
                if self.ends_within(deadline).is_none() {
                    return Err(StartError::NotStopped { pid: self.pid(), deadline });
                }
            }
        }
        watchdog.now_guards(None)
    }

    /// Waits for the end; `None` if the process still runs after that time.
    pub(crate) fn ends_within(&mut self, deadline: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if started.elapsed() >= deadline {
                return None;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// The end of the log in that folder, at most `bytes_max` bytes and nothing before `start_bytes`;
/// empty if there is none yet.
pub(crate) fn log(folder: &Path, start_bytes: usize, bytes_max: usize) -> String {
    let bytes = std::fs::read(folder.join("log")).unwrap_or_default();
    let since = bytes.get(start_bytes..).unwrap_or_default();
    tail(&String::from_utf8_lossy(since), bytes_max).to_owned()
}

/// How long the log in that folder is.
pub(crate) fn log_len_bytes(folder: &Path) -> usize {
    let metadata = folder.join("log").metadata();
    metadata.map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(0))
}

/// A shell of that user, whose arguments are to follow.
pub(crate) fn shell(account: &Account) -> Command {
    let mut command = Command::new("sh");
    account.apply_to(&mut command);
    command
}

fn spawn_held_back(
    program: &Command,
    mut command: Command,
    folder: &Path,
) -> Result<Child, StartError> {
    let path = folder.join("log");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(file_error("open", &path))?;
    let log_too = log.try_clone().map_err(file_error("open", &path))?;
    command
        .args(["-c", "read -r go && exec \"$0\" \"$@\" </dev/null"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir("/")
        // Ctrl-C in the terminal is ours to handle, not the program's.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(log_too)
        .env("LC_ALL", "C");
    // PGPORT, PGDATA and their like are meant for somebody else's server.
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG"))
    {
        command.env_remove(name);
    }
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let program = command.get_program().to_string_lossy().into_owned();
    command.spawn().map_err(|source| StartError::Spawn { program, source })
}
