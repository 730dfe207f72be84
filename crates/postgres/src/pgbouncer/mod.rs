//! A PgBouncer of our own in front of a [`Server`], in one call.
//!
//! It runs as the same unprivileged user as the servers do, listens on a loopback port, lets in
//! every role that the server knows without asking for a password, and is gone with the process
//! that started it, however that ends: the servers' watchdog guards it too.
//!
//! - `builder`: pool mode, pool size, any other setting; the start.
//! - `program`: finds the program on the machine; `fetch` gets it with `apt-get` where there is none.

mod builder;
mod program;

pub use builder::{PgBouncerBuilder, PoolMode};

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{self, Process};
use crate::server::{Server, encoded};
use crate::watchdog::Watchdog;

/// SIGTERM ends it at once; there is nothing that it would save.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// A running PgBouncer; it ends with this value and, at the latest, with the process.
#[derive(Debug)]
pub struct PgBouncer {
    version: String,
    port: u16,
    folder: PathBuf,
    running: Mutex<Running>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    watchdog: Watchdog,
}

impl PgBouncer {
    /// Chooses how it pools, in front of that server.
    #[must_use]
    pub fn in_front_of(server: &Server) -> PgBouncerBuilder {
        PgBouncerBuilder::new(server.port())
    }

    /// Its version, like `1.18.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it can keep prepared statements of clients over transactions (since 1.21, where
    /// `max_prepared_statements` is set).
    pub fn can_keep_prepared_statements(&self) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (1, 21)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).process.pid()
    }

    /// A connection URL over TCP, as [`Server::url`] but through the pooler. The database
    /// `pgbouncer` is its own console, for `postgres`.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{}", encoded(user), self.port, encoded(database))
    }

    /// The end of its log, at most 64 KiB.
    pub fn log(&self) -> String {
        process::log(&self.folder, 0, process::LOG_BYTES_MAX)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure, and the watchdog tries again right after this.
        self.process.stop(Signal::TERM, STOP_DEADLINE, &mut self.watchdog).ok();
    }
}
