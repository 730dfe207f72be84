//! A running server: where it is, and its end.
//!
//! It is stopped when dropped; the watchdog does it where nothing is dropped.

mod databases;
mod small_disk;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::StartError;
use crate::postmaster::{Postmaster, is_port_taken, is_predecessor_alive};
use crate::process;
use crate::small_disk::SmallDisk;
use crate::watchdog::Watchdog;

/// Backends of a killed server notice that at their next wait; a borrowed port is given back.
const RESTART_OBSTACLE_MAX: Duration = Duration::from_secs(20);

/// How often a restart is tried again while something is in its way.
const RESTART_POLL: Duration = Duration::from_millis(50);

/// A PostgreSQL server of our own; it ends with this value and, at the latest, with the process.
#[derive(Debug)]
pub struct Server {
    binaries: Binaries,
    account: Account,
    port: u16,
    folder: PathBuf,
    small_disk: Option<SmallDisk>,
    running: Mutex<Running>,
    /// How many databases [`Server::fresh_database`] has named.
    pub(crate) databases_named: AtomicU64,
}

#[derive(Debug)]
struct Running {
    postmaster: Postmaster,
    watchdog: Watchdog,
}

impl Server {
    pub(crate) fn new(
        binaries: Binaries,
        account: Account,
        port: u16,
        small_disk: Option<SmallDisk>,
        (postmaster, watchdog): (Postmaster, Watchdog),
    ) -> Self {
        let folder = watchdog.folder().to_owned();
        let running = Mutex::new(Running { postmaster, watchdog });
        let databases_named = AtomicU64::new(0);
        Self { binaries, account, port, folder, small_disk, running, databases_named }
    }

    /// What it runs, and as whom: for a server made like this one.
    pub(crate) fn kind(&self) -> (Binaries, Account) {
        (self.binaries.clone(), self.account.clone())
    }

    /// Its second disk, where it was given one.
    pub(crate) fn small_disk(&self) -> Option<&SmallDisk> {
        self.small_disk.as_ref()
    }

    /// The major version, like 17.
    pub fn major(&self) -> u16 {
        self.binaries.major
    }

    /// The whole version, like `17.10`.
    pub fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The folder of the binaries that this server runs; only `postgres` and `initdb` are certain.
    pub fn bin_dir(&self) -> &Path {
        &self.binaries.folder
    }

    /// The port on 127.0.0.1, and in the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the Unix socket; only the server's user (and root) can enter it.
    pub fn socket_dir(&self) -> &Path {
        &self.folder
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A connection URL over TCP. No password is needed; `postgres` is the superuser.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{}", encoded(user), self.port, encoded(database))
    }

    /// A connection URL over the Unix socket. No password is needed.
    pub fn socket_url(&self, user: &str, database: &str) -> String {
        let folder = encoded(&self.folder.to_string_lossy());
        format!("postgres://{}@{folder}:{}/{}", encoded(user), self.port, encoded(database))
    }

    /// The process id of the server's first process; another one after a restart.
    pub fn postmaster_pid(&self) -> u32 {
        self.running().postmaster.pid()
    }

    /// The end of the server's log, at most 64 KiB.
    pub fn log(&self) -> String {
        process::log(&self.folder, 0, process::LOG_BYTES_MAX)
    }

    /// How long the log is now, for [`Server::log_since`].
    pub fn log_mark(&self) -> usize {
        process::log_len_bytes(&self.folder)
    }

    /// What was logged since, at most the last 64 KiB of it.
    pub fn log_since(&self, mark: usize) -> String {
        process::log(&self.folder, mark, process::LOG_BYTES_MAX)
    }

    /// Stops the server at once, as a crash would, and starts it again on the same port and data.
    ///
    /// Blocks until it takes connections again. Works also if the server has died.
    ///
    /// Errors: it does not stop or does not come back within its deadline; it has a small disk, whose
    /// content would be lost.
    pub fn restart_immediate(&self) -> Result<(), StartError> {
        if self.small_disk.is_some() {
            return Err(StartError::SmallDiskLost);
        }
        let mut running = self.running();
        let Running { postmaster, watchdog } = &mut *running;
        postmaster.stop(watchdog)?;
        let started = Instant::now();
        loop {
            match Postmaster::start(&self.binaries, &self.account, None, watchdog) {
                Ok(again) => {
                    *postmaster = again;
                    return Ok(());
                }
                Err(StartError::Ended { log, .. })
                    if started.elapsed() < RESTART_OBSTACLE_MAX
                        && (is_port_taken(&log) || is_predecessor_alive(&log)) =>
                {
                    std::thread::sleep(RESTART_POLL);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Stops the server and removes its folder. Blocks for some 50 ms.
    ///
    /// Errors: the server cannot be stopped; the watchdog goes on trying.
    pub fn stop(self) -> Result<(), StartError> {
        let mut running = self.running();
        let Running { postmaster, watchdog } = &mut *running;
        postmaster.stop(watchdog)
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure, and the watchdog tries again right after this.
        self.postmaster.stop(&mut self.watchdog).ok();
    }
}

/// Percent-encodes what may not stand in a part of a URL.
pub(crate) fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn what_has_a_meaning_in_urls_is_encoded() {
        assert_eq!(encoded("/run/a b@c"), "%2Frun%2Fa%20b%40c");
        assert_eq!(encoded("plain_name-1"), "plain_name-1");
    }
}
