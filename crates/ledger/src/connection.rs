//! Opens connections to PostgreSQL: one place for TLS, names, keepalives and session settings.
//!
//! Engine connections are not pooled and must be direct: they set session state, hold leases by
//! backend, and build indexes. A service's own connection (registering, heartbeat) only calls
//! functions and works behind a pooler too; [`pooler`] tells which of the two an address is.

pub(crate) mod address;
mod fitness;
mod listening;
mod login;
pub mod pooler;
mod reach;
pub(crate) mod reach_error;
pub(crate) mod read_only;
mod tls;

pub use address::{Address, AddressError, Surroundings};
pub use fitness::Fitness;
pub use listening::open_listening;
pub use login::Backend;
pub use reach::{Cancel, Link, Reached};
pub use reach_error::ConnectError;
pub use read_only::ReadOnly;

use crate::error::{Error, chain};
use listening::watch_connection;
use std::borrow::Cow;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Notification};

/// For how long the settings of a session may take: a server that accepts and then says nothing would hang
/// us for ever.
const CONFIGURE_WAIT: Duration = Duration::from_secs(10);
/// What the server keeps of an `application_name`, as it is built everywhere.
const NAME_BYTES_MAX: usize = 63;
/// For how long a request to cancel may take.
const CANCEL_WAIT: Duration = Duration::from_secs(10);

/// Settings that not every server knows. A dead client's statement ends within 2 s (14 and later; not
/// on every platform), no bound on whole transactions that a role may have set and that would kill an
/// index build (17). The rest is the server's own look at a client that has vanished without a word
/// (its machine lost, the network cut): as long as on our side of the connection, some 11 s.
const NEWER_SETTINGS: &str = "SELECT set_config(s.name, wanted.value, false) FROM pg_settings s \
      JOIN (VALUES ('client_connection_check_interval', '2s'), ('transaction_timeout', '0'), \
                   ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), \
                   ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '10s')) \
        AS wanted (name, value) ON wanted.name = s.name";

/// What our own statements rely on, whatever the role, the database or the server says; the one place that
/// pins it. Literals are read as our parser reads them; text comes back in one form. Nothing that would give
/// a migration's own statements another meaning: those run as their author's database has them, but for
/// what the planner fixes in a step. A database without an encoding is read in bytes: with UTF8 the server
/// would reject each answer in which anything is none (`text.rs` reads what comes).
const PINNED: &str = "SELECT set_config('client_encoding', \
          CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false); \
      SET standard_conforming_strings = on; \
      SET DateStyle = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 1";

/// What a connection is for: decides its name and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Runs the steps.
    Work,
    /// Renews the lease, and nothing else: a long statement must not delay it.
    Lease,
    /// Reads the ledger: waiting, progress, status.
    Watch,
    /// Registers an instance and beats, with the service's own role.
    Service,
    /// Owns a singleton worker: its transactions set their own bounds, since it may be pooled.
    Owner,
    /// Looks for jobs, or runs one: its transactions set their own bounds, since it may be pooled.
    Job,
    /// Hears of hand-overs, and of what shared caches must drop.
    Listen,
    /// Watches what a long step does to others, and says how fast it goes.
    Pace,
    /// Shows where an application stands.
    Status,
    /// Finds out whether a pooler stands between.
    Probe,
}

/// Back to the settings with which a working session begins, whatever a file has set.
pub fn reset_worker() -> String {
    format!("RESET ROLE; RESET ALL; {PINNED}; {}; {NEWER_SETTINGS}", Purpose::Work.settings())
}

impl Purpose {
    /// The word that stands in the session's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Lease => "lease",
            Self::Watch => "watch",
            Self::Service => "service",
            Self::Owner => "worker",
            Self::Job => "job",
            Self::Listen => "listen",
            Self::Pace => "pace",
            Self::Status => "status",
            Self::Probe => "probe",
        }
    }

    /// The session's settings. Bounds for everything that can wait; each step sets its own, tighter
    /// or (index builds) wider ones for its transaction. READ COMMITTED whatever the role's default is.
    pub fn settings(self) -> &'static str {
        match self {
            // 30 s for a statement that is not a step's: bookkeeping in the ledger. Read-only, but for
            // guarded transactions and for statements that must run without. A transaction of ours is
            // idle for milliseconds between two statements; one that is for 2 s belongs to a process
            // that is paused or cut off, and its locks would make the service wait.
            Self::Work => {
                "SET default_transaction_isolation = 'read committed'; \
                 SET statement_timeout = '30s'; SET lock_timeout = '5s'; \
                 SET idle_in_transaction_session_timeout = '2s'; SET row_security = off; \
                 SET default_transaction_read_only = on"
            }
            // A renewal that takes longer than a second is late anyway.
            Self::Lease => {
                "SET default_transaction_isolation = 'read committed'; \
                 SET statement_timeout = '2s'; SET lock_timeout = '1s'; \
                 SET idle_in_transaction_session_timeout = '2s'"
            }
            // What takes longer is what is to be found out. Commits as clients do, so nothing else is set.
            Self::Pace => {
                "SET default_transaction_isolation = 'read committed'; \
                 SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                 SET idle_in_transaction_session_timeout = '2s'"
            }
            // Waits for a lock only where it acquires the term; idle in a transaction while it reads
            // the catalog in one snapshot, which may take seconds on a thousand tables.
            Self::Watch => {
                "SET default_transaction_isolation = 'read committed'; \
                 SET statement_timeout = '15s'; SET lock_timeout = '2s'; \
                 SET idle_in_transaction_session_timeout = '15s'"
            }
            // Behind a transaction-mode pooler a session's SET would leak to other clients.
            Self::Service | Self::Owner | Self::Job | Self::Listen | Self::Status | Self::Probe => {
                ""
            }
        }
    }
}

/// A parameter with its type.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// An open connection with the means to cancel what runs on it.
pub struct Connection {
    /// The client.
    pub client: Client,
    cancel: Cancel,
}

impl Connection {
    /// Asks the server to cancel the statement that runs now. Dropping a query's future does not.
    pub async fn cancel(&self) {
        match tokio::time::timeout(CANCEL_WAIT, self.cancel.ask()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = chain(&error), "the running statement was not cancelled")
            }
            Err(_elapsed) => tracing::debug!("the request to cancel took too long"),
        }
    }
}

/// Opens a connection. `application` goes to the front of `application_name`.
///
/// Fails with [`Error::Url`] for a bad connection string, [`Error::Connect`] otherwise.
/// Model: `StartSession`, `OpenSession`.
pub async fn open(url: &str, application: &str, purpose: Purpose) -> Result<Connection, Error> {
    open_named(url, &format!("{application}/{}", purpose.as_str()), purpose).await
}

/// Opens a connection with a name of its own.
pub async fn open_named(url: &str, name: &str, purpose: Purpose) -> Result<Connection, Error> {
    let connection = connect(&Address::read(url)?, name, purpose, None).await?;
    let configuring = configure(&connection.client, purpose);
    tokio::time::timeout(CONFIGURE_WAIT, configuring).await.unwrap_or_else(|_elapsed| {
        Err(Error::Deadline {
            what: "setting the session's bounds".to_owned(),
            limit_ms: u64::try_from(CONFIGURE_WAIT.as_millis()).unwrap_or(u64::MAX),
        })
    })?;
    Ok(connection)
}

/// Connects, sets nothing; what is heard is passed on.
async fn connect(
    address: &Address,
    name: &str,
    purpose: Purpose,
    heard: Option<mpsc::Sender<Notification>>,
) -> Result<Connection, Error> {
    let name = fitting(name, purpose);
    let reached = address.connect(&name).await.map_err(|source| match source {
        ConnectError::Address(source) => Error::Url { source },
        source => Error::Connect { purpose: purpose.as_str(), source: Box::new(source) },
    })?;
    tokio::spawn(watch_connection(reached.link, purpose, heard));
    Ok(Connection { client: reached.client, cancel: reached.cancel })
}

/// The name, shortened before its ending where the server would cut that off: by the ending our own sessions are
/// told from clients.
fn fitting(name: &str, purpose: Purpose) -> Cow<'_, str> {
    let ending = name.rfind(&format!("/{}", purpose.as_str()));
    let Some((front, ending)) = ending.map(|at| name.split_at(at)) else { return name.into() };
    let room = NAME_BYTES_MAX.saturating_sub(ending.len());
    if front.len() <= room {
        return name.into();
    }
    let is_end = |at: &usize| front.is_char_boundary(*at);
    let end = (0..=room).rev().find(is_end).unwrap_or(0);
    format!("{}{ending}", &front[..end]).into()
}

async fn configure(client: &Client, purpose: Purpose) -> Result<(), Error> {
    if purpose.settings().is_empty() {
        return Ok(());
    }
    client
        .batch_execute(&format!("{PINNED}; {}", purpose.settings()))
        .await
        .map_err(|source| Error::sql("setting the session's bounds", source))?;
    client
        .batch_execute(NEWER_SETTINGS)
        .await
        .map_err(|source| Error::sql("setting the session's bounds", source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ending() {
        let (release, ending) = ("ä".repeat(40), format!("/{}/12", Purpose::Work.as_str()));
        let fitted = |name: String| {
            let fitted = fitting(&name, Purpose::Work).into_owned();
            assert!(fitted.len() <= NAME_BYTES_MAX, "{fitted}");
            fitted
        };
        let long =
            fitted(format!("changeover@20261130120000/{}/{release}{ending}", "a".repeat(20)));
        assert!(long.starts_with("changeover@20261130120000/aaaaaaaaaaaaaaaaaaaa/ä"), "{long}");
        assert!(long.ends_with(&ending), "{long}");
        let short = format!("changeover@2/shop/2{ending}");
        assert_eq!(fitted(short.clone()), short);
        assert_eq!(fitting(&release, Purpose::Work), release);
    }
}
