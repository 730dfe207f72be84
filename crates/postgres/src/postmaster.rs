//! Starts and stops the server process.
//!
//! The process is launched held back: a shell waits for a line from us and then becomes the
//! server. Meanwhile the watchdog is told its process id, so there is no moment in which we could
//! die and leave a server that nobody knows of.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::bounded_command::tail;
use crate::error::{StartError, file_error};
use crate::small_disk::SmallDisk;
use crate::watchdog::Watchdog;

/// Measured 31 to 146 ms; crash recovery after an immediate stop under load takes seconds.
const READY_DEADLINE: Duration = Duration::from_secs(60);

/// The server kills its own backends after 5 s of an immediate shutdown.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// How often a state is looked for: short beside a start.
const POLL: Duration = Duration::from_millis(5);

/// How much of the log goes into an error, in bytes.
const LOG_BYTES_MAX: usize = 4000;

/// A running server process; our own child.
#[derive(Debug)]
pub(crate) struct Postmaster {
    child: Child,
}

impl Postmaster {
    /// Starts the server on `folder`/data and waits until it takes connections.
    ///
    /// Errors: it ends, or is not ready within a minute; it has been stopped then.
    pub(crate) fn start(
        binaries: &Binaries,
        account: &Account,
        small_disk: Option<&SmallDisk>,
        watchdog: &mut Watchdog,
    ) -> Result<Self, StartError> {
        // Errors quote what this start logged, not what earlier ones did.
        let log_start_bytes = log_len_bytes(watchdog.folder());
        let mut child = spawn_held_back(binaries, account, small_disk, watchdog.folder())?;
        let go = child.stdin.take();
        let mut postmaster = Self { child };
        watchdog.now_guards(Some(postmaster.pid()))?;
        if let Some(mut go) = go {
            writeln!(go, "go").map_err(file_error("start", binaries.program("postgres")))?;
        }
        let ready = postmaster.wait_until_ready(watchdog.folder()).map_err(|outcome| {
            let log = log(watchdog.folder(), log_start_bytes, LOG_BYTES_MAX);
            let major = binaries.major;
            match outcome {
                Some(status) => StartError::Ended { major, status: status.to_string(), log },
                None => StartError::NotReady { major, deadline: READY_DEADLINE, log },
            }
        });
        if ready.is_err() {
            postmaster.stop(watchdog)?;
        }
        ready.map(|()| postmaster)
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server at once, without a checkpoint, as a power failure would, and waits for it.
    ///
    /// Errors: it does not even end when killed.
    pub(crate) fn stop(&mut self, watchdog: &mut Watchdog) -> Result<(), StartError> {
        if self.ends_within(Duration::ZERO).is_none() {
            if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
                // A failure means that it has just ended, which is what we wait for.
                kill_process(pid, Signal::QUIT).ok();
            }
            if self.ends_within(STOP_DEADLINE).is_none() {
                self.child.kill().map_err(file_error("kill", "the server"))?;
                if self.ends_within(STOP_DEADLINE).is_none() {
                    return Err(StartError::NotStopped {
                        pid: self.pid(),
                        deadline: STOP_DEADLINE,
                    });
                }
            }
        }
        watchdog.now_guards(None)
    }

    fn ends_within(&mut self, deadline: Duration) -> Option<ExitStatus> {
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

    /// The error is the exit status, or `None` if the deadline passed.
    fn wait_until_ready(&mut self, folder: &Path) -> Result<(), Option<ExitStatus>> {
        let started = Instant::now();
        while started.elapsed() < READY_DEADLINE {
            if says_ready(folder, self.pid()) {
                return Ok(());
            }
            if let Some(status) = self.ends_within(POLL) {
                return Err(Some(status));
            }
        }
        Err(None)
    }
}

/// The end of the server's log, at most `bytes_max` bytes and nothing before `start_bytes`; empty
/// if there is none yet.
pub(crate) fn log(folder: &Path, start_bytes: usize, bytes_max: usize) -> String {
    let bytes = std::fs::read(folder.join("log")).unwrap_or_default();
    let since = bytes.get(start_bytes..).unwrap_or_default();
    tail(&String::from_utf8_lossy(since), bytes_max).to_owned()
}

/// How long the log is.
pub(crate) fn log_len_bytes(folder: &Path) -> usize {
    let metadata = folder.join("log").metadata();
    metadata.map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(0))
}

fn spawn_held_back(
    binaries: &Binaries,
    account: &Account,
    small_disk: Option<&SmallDisk>,
    folder: &Path,
) -> Result<Child, StartError> {
    let path = folder.join("log");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(file_error("open", &path))?;
    let log_too = log.try_clone().map_err(file_error("open", &path))?;
    let mut command = match small_disk {
        Some(disk) => disk.command(account),
        None => {
            let mut command = Command::new("sh");
            account.apply_to(&mut command);
            command
        }
    };
    command
        .args(["-c", "read -r go && exec \"$0\" \"$@\" </dev/null"])
        .arg(binaries.program("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .current_dir("/")
        // Ctrl-C in the terminal is ours to handle, not the server's.
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
    let program = command.get_program().to_string_lossy().into_owned();
    command.spawn().map_err(|source| StartError::Spawn { program, source })
}

/// Whether the server's own lock file says that this process takes connections.
fn says_ready(folder: &Path, pid: u32) -> bool {
    // The file is written line by line; the eighth is the state.
    let Ok(text) = std::fs::read_to_string(folder.join("data/postmaster.pid")) else {
        return false;
    };
    let mut lines = text.lines();
    lines.next() == Some(pid.to_string().as_str()) && lines.nth(6).map(str::trim) == Some("ready")
}

/// Whether the log says that somebody else has the port.
pub(crate) fn is_port_taken(log: &str) -> bool {
    log.contains("could not bind") || log.contains("could not create any TCP/IP sockets")
}

/// Whether the log says that backends of a server killed before still hold its memory.
pub(crate) fn is_predecessor_alive(log: &str) -> bool {
    log.contains("pre-existing shared memory block")
}
