//! Why no connection came about, and what to do about each reason.

use super::address::AddressError;
use crate::error::chain::chain;
use std::error::Error as StdError;
use std::io::ErrorKind;

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file that the address names can't be used.
    #[error("the address can't be used")]
    Address(#[from] AddressError),
    /// Nobody answered in time.
    #[error("{host} did not answer within {limit_ms} ms")]
    NoAnswer {
        /// Which server.
        host: String,
        /// The bound.
        limit_ms: u64,
    },
    /// The server, or the way to it, said no.
    #[error("{host}")]
    Refused {
        /// Which server.
        host: String,
        /// What it said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// It is another kind of server than was asked for.
    #[error("{host} is {found}, and target_session_attrs={wanted} asks for another")]
    Unwanted {
        /// Which server.
        host: String,
        /// What was asked for.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// None of several hosts will do.
    #[error("none of the hosts will do: {}", list(.failures))]
    Several {
        /// Each one's reason.
        failures: Vec<ConnectError>,
    },
}

fn list(failures: &[ConnectError]) -> String {
    let each: Vec<String> = failures.iter().map(|failure| chain(failure)).collect();
    each.join("; ")
}

impl ConnectError {
    /// One of several failures, or all of them.
    pub(super) fn of(mut failures: Vec<Self>) -> Self {
        match failures.pop() {
            Some(only) if failures.is_empty() => only,
            last => {
                failures.extend(last);
                Self::Several { failures }
            }
        }
    }

    /// The SQLSTATE, if a server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Refused { source, .. } => {
                source.code().map(tokio_postgres::error::SqlState::code)
            }
            _ => None,
        }
    }

    /// Whether the server, the database or the role has as many connections as it may. Poolers say so
    /// without the right SQLSTATE.
    pub fn is_full(&self) -> bool {
        let Self::Refused { source, .. } = self else { return false };
        source.as_db_error().is_some_and(|error| {
            let message = error.message();
            error.code().code() == "53300"
                || message.contains("remaining connection slots are reserved")
                || message.contains("too many connections")
                || message.contains("too many clients")
        })
    }

    /// Whether no host could be reached at all, so that nothing is known of what stands there.
    pub(super) fn is_out_of_reach(&self) -> bool {
        match self {
            Self::Refused { source, .. } => io_kind(source).is_some_and(|kind| {
                // Who hangs up was there.
                !matches!(
                    kind,
                    ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionAborted
                        | ErrorKind::BrokenPipe
                        | ErrorKind::UnexpectedEof
                )
            }),
            Self::Several { failures } => failures.iter().all(Self::is_out_of_reach),
            Self::Address(_) | Self::Unwanted { .. } => true,
            Self::NoAnswer { .. } => false,
        }
    }

    /// What to do next.
    pub fn remedy(&self) -> String {
        match self {
            Self::Address(source) => source.remedy(),
            Self::NoAnswer { .. } => {
                "check host and port, and that no firewall or security group drops \
                the packets; connect_timeout=SECONDS allows a slow way more time"
                    .to_owned()
            }
            Self::Unwanted { .. } => {
                "give the address of such a server (after a failover the primary is another one), or \
                 all hosts of the cluster: host1,host2"
                    .to_owned()
            }
            Self::Several { failures } => failures.last().map_or_else(String::new, Self::remedy),
            Self::Refused { source, .. } => match source.as_db_error() {
                Some(error) => of_server(error),
                None => of_way(source),
            },
        }
    }
}

/// What to do about a server's refusal.
fn of_server(error: &tokio_postgres::error::DbError) -> String {
    let message = error.message();
    match error.code().code() {
        "28P01" => "the role's password is wrong: correct it in the connection string, PGPASSWORD or \
            ~/.pgpass (special characters in a URL are percent-encoded)",
        "28000" if message.contains("is not permitted to log in") => {
            "give a role that may log in, or let this one: ALTER ROLE … LOGIN"
        }
        "28000" if message.contains("does not exist") => {
            "correct the role in the connection string, or create it: CREATE ROLE … LOGIN"
        }
        "28000" if message.contains("no encryption") || message.contains("SSL off") => {
            "the server takes encrypted connections only from here: sslmode=require, or verify-full with \
             sslrootcert=FILE"
        }
        "28000" if message.contains("certificate") => {
            "give the client's certificate: sslcert=FILE and sslkey=FILE, signed by a CA that the server \
             trusts, with the role as its common name"
        }
        "28000" => {
            "the server's pg_hba.conf does not let this role in from here: correct role, database and \
             sslmode, or add a line"
        }
        "3D000" => "correct the database's name, or create it: CREATE DATABASE … OWNER …",
        "42501" => "let the role connect: GRANT CONNECT ON DATABASE … TO …",
        "53300" => {
            "all connections of the server, database or role are taken: end some, or raise \
             max_connections or the role's CONNECTION LIMIT"
        }
        "57P03" => "the server is starting up, shutting down or recovering: try again in a moment",
        _ => {
            "check that host, port, role, password and database in the connection string are right"
        }
    }
    .to_owned()
}

/// What to do about a failure on the way to a server.
fn of_way(error: &tokio_postgres::Error) -> String {
    if let Some(tls) = tls_error(error) {
        return of_tls(tls).to_owned();
    }
    let text = chain(error);
    if text.contains("password missing") {
        return "the server asks for a password: put it into the connection string, PGPASSWORD or ~/.pgpass"
            .to_owned();
    }
    if text.contains("does not support TLS") {
        return "the server offers no TLS: switch it on there (ssl = on), or give sslmode=disable if the \
            network is trusted"
            .to_owned();
    }
    if text.contains("channel binding") {
        return "channel_binding=require needs TLS, a role whose password is stored as SCRAM-SHA-256, and \
            a pg_hba.conf line with scram-sha-256; leave it away to connect without"
            .to_owned();
    }
    match io_kind(error) {
        Some(ErrorKind::ConnectionRefused) => "check host and port, and that the server runs and listens \
            there (listen_addresses)"
            .to_owned(),
        Some(ErrorKind::TimedOut) => "check host and port, and that no firewall or security group drops \
            the packets; connect_timeout=SECONDS allows a slow way more time"
            .to_owned(),
        Some(_) if text.contains("lookup address") => {
            "the host's name is not known here: correct it, or check the name service".to_owned()
        }
        _ => "check that the server runs and that host, port, role and password in the connection string \
            are right"
            .to_owned(),
    }
}

fn of_tls(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "no CA that is trusted here has signed the server's certificate: give the file of the CA, \
             sslrootcert=FILE (managed services offer it for download)"
        }
        rustls::Error::InvalidCertificate(
            Bad::NotValidForName | Bad::NotValidForNameContext { .. },
        ) => {
            "the certificate is for another name: give the host's name as the certificate has it (with \
             hostaddr=ADDRESS where that is not known here), or sslmode=verify-ca with sslrootcert=FILE, \
             which checks the CA alone"
        }
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "renew the server's certificate; check the clocks of both machines"
        }
        rustls::Error::AlertReceived(_) => {
            "the server refuses our side: check sslcert and sslkey, and that its CA trusts them"
        }
        _ => "check the server's certificate, and sslmode and sslrootcert in the connection string",
    }
}

/// The cause in TLS, if it is one.
fn tls_error(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    io_error(error)?.get_ref()?.downcast_ref()
}

fn io_kind(error: &tokio_postgres::Error) -> Option<ErrorKind> {
    io_error(error).map(std::io::Error::kind)
}

fn io_error(error: &tokio_postgres::Error) -> Option<&std::io::Error> {
    error.source()?.downcast_ref()
}
