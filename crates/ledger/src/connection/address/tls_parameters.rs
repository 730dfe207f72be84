//! What an address says of TLS: whether, how far the server is checked, and which certificate we show.
//!
//! | `sslmode` | here | in libpq |
//! |---|---|---|
//! | `disable` | no TLS | the same |
//! | `allow`, `prefer` | TLS if the server offers it, checked only against an `sslrootcert` that was named | falls back to no TLS |
//! | `require` | with a file of CAs the chain is checked; without, chain and name against the system's CAs | without a file nothing is checked |
//! | `verify-ca` | the chain; name too where only the system's CAs are there | needs a file |
//! | `verify-full` | chain and name; the system's CAs where there is no file | needs a file |

use super::error::AddressError;
use super::parameter::{Parameters, word};
use super::surroundings::Surroundings;
use std::path::PathBuf;
use tokio_postgres::config::{SslMode, SslNegotiation};

/// How far the server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Level {
    /// Not at all.
    Nothing,
    /// That a trusted CA has signed it.
    Chain,
    /// Also that it is for the host that was asked for.
    Name,
}

/// Whose signatures are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Roots {
    /// The system's CAs. They sign for everybody, so the name is checked as well.
    System,
    /// Those of a file.
    File(PathBuf),
}

/// The certificate that we show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) struct ClientFiles {
    pub(in crate::connection) certificate: PathBuf,
    pub(in crate::connection) key: PathBuf,
}

/// What is wanted of TLS.
#[derive(Clone, Debug)]
pub(in crate::connection) struct TlsWanted {
    pub(in crate::connection) mode: SslMode,
    pub(in crate::connection) level: Level,
    pub(in crate::connection) roots: Roots,
    pub(in crate::connection) client: Option<ClientFiles>,
    pub(in crate::connection) negotiation: SslNegotiation,
    pub(in crate::connection) send_name: bool,
    pub(in crate::connection) versions: Vec<&'static rustls::SupportedProtocolVersion>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Reads all parameters of TLS.
pub(super) fn read(
    parameters: &Parameters,
    surroundings: &Surroundings,
) -> Result<TlsWanted, AddressError> {
    let named_root = parameters.get("sslrootcert").map(String::as_str);
    let roots = match named_root {
        Some("system") => Roots::System,
        Some(path) => Roots::File(PathBuf::from(path)),
        None => match in_home(surroundings, "root.crt") {
            Some(path) => Roots::File(path),
            None => Roots::System,
        },
    };
    let mode = word(
        parameters,
        "sslmode",
        &[
            ("disable", Mode::Disable),
            ("allow", Mode::Prefer),
            ("prefer", Mode::Prefer),
            ("require", Mode::Require),
            ("verify-ca", Mode::VerifyCa),
            ("verify-full", Mode::VerifyFull),
        ],
    )?;
    // `sslrootcert=system` alone means verify-full, as in libpq.
    let mode = mode.unwrap_or(match named_root {
        Some("system") => Mode::VerifyFull,
        _ => Mode::Prefer,
    });
    let negotiation = word(
        parameters,
        "sslnegotiation",
        &[("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)],
    )?;
    Ok(TlsWanted {
        mode: match mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        },
        level: level(mode, &roots, named_root.is_some()),
        roots,
        client: client(parameters, surroundings),
        negotiation: negotiation.unwrap_or(SslNegotiation::Postgres),
        send_name: word(parameters, "sslsni", &[("0", false), ("1", true)])?.unwrap_or(true),
        versions: versions(parameters)?,
    })
}

fn level(mode: Mode, roots: &Roots, root_was_named: bool) -> Level {
    match (mode, roots) {
        (Mode::Disable, _) => Level::Nothing,
        (Mode::Prefer, _) if !root_was_named => Level::Nothing,
        (Mode::Prefer | Mode::Require | Mode::VerifyCa, Roots::File(_)) => Level::Chain,
        (Mode::VerifyFull, _) | (_, Roots::System) => Level::Name,
    }
}

fn client(parameters: &Parameters, surroundings: &Surroundings) -> Option<ClientFiles> {
    let file = |parameter: &str, default: &str| {
        let told = parameters.get(parameter).map(PathBuf::from);
        told.or_else(|| in_home(surroundings, default))
    };
    let certificate = file("sslcert", "postgresql.crt")?;
    // Where none is found, the error names the file that is missing.
    let key = file("sslkey", "postgresql.key").unwrap_or_else(|| PathBuf::from("sslkey"));
    Some(ClientFiles { certificate, key })
}

/// A file of libpq's own folder in the home folder, where it is there.
fn in_home(surroundings: &Surroundings, name: &str) -> Option<PathBuf> {
    surroundings
        .in_home(".postgresql")
        .map(|folder| folder.join(name))
        .filter(|path| path.is_file())
}

fn versions(
    parameters: &Parameters,
) -> Result<Vec<&'static rustls::SupportedProtocolVersion>, AddressError> {
    // Older ones than 1.2 are never spoken, so a lower minimum asks for nothing.
    let lowest = [("TLSv1", 12), ("TLSv1.1", 12), ("TLSv1.2", 12), ("TLSv1.3", 13)];
    let highest = [("TLSv1.2", 12), ("TLSv1.3", 13)];
    let lowest = word(parameters, "ssl_min_protocol_version", &lowest)?.unwrap_or(12);
    let highest = word(parameters, "ssl_max_protocol_version", &highest)?.unwrap_or(13);
    let mut versions = Vec::with_capacity(2);
    if highest >= 13 {
        versions.push(&rustls::version::TLS13);
    }
    if lowest <= 12 {
        versions.push(&rustls::version::TLS12);
    }
    if lowest > highest {
        return Err(AddressError::Value {
            name: "ssl_min_protocol_version".to_owned(),
            value: "TLSv1.3".to_owned(),
            allowed: "no higher than ssl_max_protocol_version".to_owned(),
        });
    }
    Ok(versions)
}
