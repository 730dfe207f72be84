//! What may be chosen about a PgBouncer, and its start.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::program::Program;
use super::{PgBouncer, Running, STOP_DEADLINE};
use crate::account::Account;
use crate::cache::Cache;
use crate::error::{StartError, file_error};
use crate::folder;
use crate::port;
use crate::process::{self, Process};
use crate::watchdog::Watchdog;

/// It is up within some 20 ms; a busy machine may take a hundred times that.
const READY_DEADLINE: Duration = Duration::from_secs(20);

/// How often its log is looked at.
const READY_POLL: Duration = Duration::from_millis(5);

/// A port found free may be taken before it is bound; five times in a row is no accident.
const PORT_ATTEMPTS_MAX: u32 = 5;

/// For how long a client keeps its connection to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PoolMode {
    /// For one transaction: what most installations use.
    #[default]
    Transaction,
    /// Until the client hangs up.
    Session,
    /// For one statement.
    Statement,
}

impl PoolMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Session => "session",
            Self::Statement => "statement",
        }
    }
}

/// Chooses pool mode, pool size and settings of a PgBouncer, then starts it.
#[derive(Debug, Clone)]
pub struct PgBouncerBuilder {
    server_port: u16,
    settings: Vec<(String, String)>,
}

impl PgBouncerBuilder {
    pub(super) fn new(server_port: u16) -> Self {
        Self { server_port, settings: Vec::new() }
    }

    /// The pool mode; [`PoolMode::Transaction`] if not said.
    #[must_use]
    pub fn pool_mode(self, mode: PoolMode) -> Self {
        self.setting("pool_mode", mode.as_str())
    }

    /// The most server connections for each pair of database and role; 20 if not said.
    #[must_use]
    pub fn pool_size(self, connections_max: u32) -> Self {
        self.setting("default_pool_size", connections_max.to_string())
    }

    /// One setting of the section `[pgbouncer]`, say `("ignore_startup_parameters", "options")`; of
    /// settings named twice the last one counts. One that this version does not know fails the start.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Starts it and waits until it takes connections. Blocks: some 50 ms, and some seconds where
    /// the program has to be fetched first.
    ///
    /// Errors: see [`StartError`]; what had been started is gone again.
    pub fn start(self) -> Result<PgBouncer, StartError> {
        let account = Account::of_server()?;
        let program = Program::get(&account, &Cache::open()?)?;
        let mut attempt = 1;
        loop {
            let folder = folder::make(None, true, &account)?;
            let mut watchdog = Watchdog::start(folder)?;
            let port = port::pick()?;
            self.configure(watchdog.folder(), port)?;
            let mut command = Command::new(&program.path);
            command.arg(watchdog.folder().join("pgbouncer.ini"));
            if let Some(libraries) = &program.libraries {
                command.env("LD_LIBRARY_PATH", libraries);
            }
            let mut process = Process::start(&command, process::shell(&account), &mut watchdog)?;
            match wait_until_ready(&mut process, watchdog.folder()) {
                Ok(()) => {
                    let folder = watchdog.folder().to_owned();
                    let running = Mutex::new(Running { process, watchdog });
                    return Ok(PgBouncer { version: program.version, port, folder, running });
                }
                Err(what) => {
                    let log = process::log(watchdog.folder(), 0, process::ERROR_BYTES_MAX);
                    process.stop(Signal::TERM, STOP_DEADLINE, &mut watchdog)?;
                    if attempt < PORT_ATTEMPTS_MAX && log.contains("Address already in use") {
                        attempt += 1;
                        continue;
                    }
                    return Err(StartError::PgBouncerNotUp { version: program.version, what, log });
                }
            }
        }
    }

    /// Writes its files. Who logs in is asked of the server at each login, so that roles may be made
    /// at any time.
    fn configure(&self, folder: &Path, port: u16) -> Result<(), StartError> {
        let users = folder.join("users");
        std::fs::write(&users, "\"postgres\" \"\"\n").map_err(file_error("write", &users))?;
        let mut text = format!(
            "[databases]\n* = host=127.0.0.1 port={} auth_user=postgres\n\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = {}\nadmin_users = postgres\n\
             auth_query = SELECT rolname, coalesce(rolpassword, '') FROM pg_authid \
             WHERE rolname = $1\nmax_client_conn = 1000\npool_mode = transaction\n",
            self.server_port,
            users.display()
        );
        for (name, value) in &self.settings {
            let allowed = |c: char| c.is_ascii_lowercase() || c == '_';
            if name.is_empty() || !name.chars().all(allowed) || value.contains('\n') {
                return Err(StartError::BadSetting { name: name.clone() });
            }
            writeln!(text, "{name} = {value}")
                .map_err(|_| StartError::BadSetting { name: name.clone() })?;
        }
        let path = folder.join("pgbouncer.ini");
        std::fs::write(&path, text).map_err(file_error("write", &path))
    }
}

/// The error says how it failed.
fn wait_until_ready(process: &mut Process, folder: &Path) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < READY_DEADLINE {
        // Written once its port is bound.
        if process::log(folder, 0, process::LOG_BYTES_MAX).contains("process up: ") {
            return Ok(());
        }
        if let Some(status) = process.ends_within(READY_POLL) {
            return Err(format!("ended before it was ready ({status})"));
        }
    }
    Err(format!("was not ready within {} s", READY_DEADLINE.as_secs()))
}
