//! Connects to the first host of an address that answers and is what was asked for.
//!
//! As in libpq a host that can't be reached, is starting up, or isn't what `target_session_attrs` asks for is
//! passed over; one that answers with a refusal (a wrong password, say) ends the search. Every attempt is
//! bounded by `connect_timeout` for the socket, and by twice that for all of it.

use super::address::{Address, Host, SessionWanted};
use super::reach_error::ConnectError;
use super::tls;
use rand::seq::SliceRandom;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What carries a connection: a socket, encrypted or not.
pub type Link =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// What a server says of itself to a client that asks for a kind of session.
const SESSION: &str =
    "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";

/// An open connection: nothing moves on it until somebody drives the link.
pub struct Reached {
    /// The client.
    pub client: Client,
    /// What moves its messages; ends with the client.
    pub link: Link,
    /// The means to cancel what runs.
    pub cancel: Cancel,
}

/// Asks a server to cancel what runs on one connection, over a connection of its own.
#[derive(Clone)]
pub struct Cancel {
    token: CancelToken,
    tls: MakeRustlsConnect,
}

impl Cancel {
    /// Asks for it. Whether anything ran is not said.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn ask(&self) -> Result<(), tokio_postgres::Error> {
        self.token.cancel_query(self.tls.clone()).await
    }
}

impl Address {
    /// Connects. `application_name` is how the server shows the session.
    ///
    /// # Errors
    /// [`ConnectError`]: no host answers, or one refuses.
    pub async fn connect(&self, application_name: &str) -> Result<Reached, ConnectError> {
        let tls = tls::connector(&self.tls)?;
        let mut hosts = self.hosts.clone();
        if self.in_random_order {
            hosts.shuffle(&mut rand::rng());
        }
        let rounds: &[SessionWanted] = match self.session {
            SessionWanted::PreferStandby => &[SessionWanted::Standby, SessionWanted::Any],
            ref wanted => std::slice::from_ref(wanted),
        };
        let mut failures = Vec::new();
        for wanted in rounds {
            for host in &hosts {
                let failure = match self.try_host(host, application_name, *wanted, &tls).await {
                    Ok(reached) => return Ok(reached),
                    Err(failure) => failure,
                };
                if !failure.is_passed_over() {
                    return Err(failure);
                }
                failures.push(failure);
            }
        }
        Err(ConnectError::of(failures))
    }

    async fn try_host(
        &self,
        host: &Host,
        application_name: &str,
        wanted: SessionWanted,
        tls: &MakeRustlsConnect,
    ) -> Result<Reached, ConnectError> {
        let limit = self.connect_timeout * 2;
        let attempt = self.enter(host, application_name, wanted, tls);
        tokio::time::timeout(limit, attempt).await.unwrap_or_else(|_elapsed| {
            Err(ConnectError::NoAnswer {
                host: host.to_string(),
                limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            })
        })
    }

    async fn enter(
        &self,
        host: &Host,
        application_name: &str,
        wanted: SessionWanted,
        tls: &MakeRustlsConnect,
    ) -> Result<Reached, ConnectError> {
        let refused = |source| ConnectError::Refused { host: host.to_string(), source };
        let mut config = self.config_for(host, application_name)?;
        let mode = if host.is_socket() { SslMode::Disable } else { self.tls.mode };
        config.ssl_mode(mode).ssl_negotiation(self.tls.negotiation);
        let (client, mut link) = config.connect(tls.clone()).await.map_err(refused)?;
        if wanted != SessionWanted::Any {
            let found = session(&client, &mut link).await.map_err(refused)?;
            found.check(wanted, host)?;
        }
        let cancel = Cancel { token: client.cancel_token(), tls: tls.clone() };
        Ok(Reached { client, link, cancel })
    }
}

/// What a server says of itself.
struct Session {
    is_in_recovery: bool,
    is_read_only: bool,
}

impl Session {
    fn check(&self, wanted: SessionWanted, host: &Host) -> Result<(), ConnectError> {
        let (fits, wanted) = match wanted {
            SessionWanted::Any | SessionWanted::PreferStandby => return Ok(()),
            SessionWanted::ReadWrite => (!self.is_read_only, "read-write"),
            SessionWanted::ReadOnly => (self.is_read_only, "read-only"),
            SessionWanted::Primary => (!self.is_in_recovery, "primary"),
            SessionWanted::Standby => (self.is_in_recovery, "standby"),
        };
        if fits {
            return Ok(());
        }
        let found = match (self.is_in_recovery, self.is_read_only) {
            (true, _) => "a standby",
            (false, true) => "a primary that is read-only",
            (false, false) => "a primary that takes writes",
        };
        Err(ConnectError::Unwanted { host: host.to_string(), wanted, found })
    }
}

/// Asks, driving the link meanwhile.
async fn session(client: &Client, link: &mut Link) -> Result<Session, tokio_postgres::Error> {
    let mut query = pin!(client.simple_query(SESSION));
    let mut is_open = true;
    let answer = poll_fn(|context| {
        if is_open {
            match Pin::new(&mut *link).poll(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                // The query's own answer says that the connection is closed.
                Poll::Ready(Ok(())) => is_open = false,
                Poll::Pending => {}
            }
        }
        query.as_mut().poll(context)
    })
    .await?;
    let says = |column: usize, word: &str| {
        answer.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(column) == Some(word),
            _ => false,
        })
    };
    Ok(Session { is_in_recovery: says(0, "t"), is_read_only: says(1, "on") })
}

impl ConnectError {
    /// Whether the next host may be tried.
    fn is_passed_over(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Unwanted { .. } | Self::Several { .. } => true,
            Self::Address(_) => false,
            Self::Refused { source, .. } => {
                source.code().is_none_or(|code| *code == SqlState::CANNOT_CONNECT_NOW)
            }
        }
    }
}
