//! Starts and stops the server process, and knows from its lock file and log how it fares.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::StartError;
use crate::locale;
use crate::process::{self, Process};
use crate::small_disk::SmallDisk;
use crate::watchdog::Watchdog;

/// Measured 31 to 146 ms; crash recovery after an immediate stop under load takes seconds.
const READY_DEADLINE: Duration = Duration::from_secs(60);

/// The server kills its own backends after 5 s of an immediate shutdown.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// How often a state is looked for: short beside a start.
const POLL: Duration = Duration::from_millis(5);

/// A running server process; our own child.
#[derive(Debug)]
pub(crate) struct Postmaster {
    process: Process,
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
        let log_start_bytes = process::log_len_bytes(watchdog.folder());
        let mut command = Command::new(binaries.program("postgres"));
        command.arg("-D").arg(watchdog.folder().join("data"));
        command.envs(locale::variable(watchdog.folder()));
        let shell =
            small_disk.map_or_else(|| process::shell(account), |disk| disk.command(account));
        let process = Process::start(&command, shell, watchdog)?;
        let mut postmaster = Self { process };
        let ready = postmaster.wait_until_ready(watchdog.folder()).map_err(|outcome| {
            let log = process::log(watchdog.folder(), log_start_bytes, process::ERROR_BYTES_MAX);
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
        self.process.pid()
    }

    /// Stops the server at once, without a checkpoint, as a power failure would, and waits for it.
    ///
    /// Errors: it does not even end when killed.
    pub(crate) fn stop(&mut self, watchdog: &mut Watchdog) -> Result<(), StartError> {
        self.process.stop(Signal::QUIT, STOP_DEADLINE, watchdog)
    }

    /// The error is the exit status, or `None` if the deadline passed.
    fn wait_until_ready(&mut self, folder: &Path) -> Result<(), Option<ExitStatus>> {
        let started = Instant::now();
        while started.elapsed() < READY_DEADLINE {
            if says_ready(folder, self.pid()) {
                return Ok(());
            }
            if let Some(status) = self.process.ends_within(POLL) {
                return Err(Some(status));
            }
        }
        Err(None)
    }
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
