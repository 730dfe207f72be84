//! The hosts of an address: names, numeric addresses and ports, each a list, or the folder of a socket.

use super::error::AddressError;
use super::parameter::Parameters;
use std::net::IpAddr;
use std::path::Path;
use tokio_postgres::Config;

const DEFAULT_PORT: u16 = 5432;
/// Where a local server's socket is, by distribution.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// One server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connection) struct Host {
    /// The name, which TLS checks too; or the folder of a socket.
    name: String,
    /// Where to connect to instead of looking the name up.
    numeric: Option<IpAddr>,
    pub(super) port: u16,
}

/// `db.example:5432`, for messages.
impl std::fmt::Display for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.numeric {
            _ if self.is_socket() => write!(formatter, "{}/.s.PGSQL.{}", self.name, self.port),
            Some(numeric) if numeric.to_string() != self.name => {
                write!(formatter, "{} ({numeric}), port {}", self.name, self.port)
            }
            _ => write!(formatter, "{}, port {}", self.name, self.port),
        }
    }
}

impl Host {
    /// Whether it is a socket of this machine: no TLS there, as in libpq.
    pub(in crate::connection) fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Puts it into the driver's settings.
    pub(super) fn enter(&self, config: &mut Config) {
        config.host(&self.name).port(self.port);
        if let Some(numeric) = self.numeric {
            config.hostaddr(numeric);
        }
    }

    /// How a password file names it.
    pub(super) fn in_password_file(&self) -> &str {
        if SOCKET_FOLDERS.contains(&self.name.as_str()) { "localhost" } else { &self.name }
    }
}

/// Reads `host`, `hostaddr` and `port`.
pub(super) fn read(parameters: &Parameters) -> Result<Vec<Host>, AddressError> {
    let list = |name: &str| -> Vec<String> {
        parameters
            .get(name)
            .map(|text| text.split(',').map(|one| one.trim().to_owned()).collect())
            .unwrap_or_default()
    };
    let (names, numeric, ports) = (list("host"), list("hostaddr"), list("port"));
    if !names.is_empty() && !numeric.is_empty() && names.len() != numeric.len() {
        let what = "host and hostaddr are lists of different lengths";
        return Err(AddressError::Lengths { what, left: names.len(), right: numeric.len() });
    }
    let count = names.len().max(numeric.len()).max(1);
    if ports.len() > 1 && ports.len() != count {
        let what = "hosts and ports are lists of different lengths";
        return Err(AddressError::Lengths { what, left: count, right: ports.len() });
    }
    (0..count)
        .map(|at| {
            let port = port(ports.get(at).or_else(|| ports.first()))?;
            let numeric = match numeric.get(at).filter(|text| !text.is_empty()) {
                Some(text) => Some(ip(text)?),
                None => None,
            };
            let name = match (names.get(at).filter(|name| !name.is_empty()), numeric) {
                (Some(name), _) => name.clone(),
                (None, Some(numeric)) => numeric.to_string(),
                (None, None) => local(port),
            };
            Ok(Host { name, numeric, port })
        })
        .collect()
}

/// Without its text where it can't be read: that may be a piece of a password with an unencoded `/`.
fn port(text: Option<&String>) -> Result<u16, AddressError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(DEFAULT_PORT),
        Some(text) => text.parse().map_err(|_| AddressError::Malformed {
            reason:
                "a port isn't a number from 1 to 65535 (a `/`, `@`, `:` or `#` in a password is \
                     written %2F, %40, %3A, %23)"
                    .to_owned(),
        }),
    }
}

fn ip(text: &str) -> Result<IpAddr, AddressError> {
    text.parse().map_err(|_| AddressError::Value {
        name: "hostaddr".to_owned(),
        value: text.to_owned(),
        allowed: "a numeric IPv4 or IPv6 address; names go into host".to_owned(),
    })
}

/// The socket of a local server, or `localhost` where there is none.
fn local(port: u16) -> String {
    let socket = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    SOCKET_FOLDERS.iter().find(socket).map_or("localhost", |folder| folder).to_owned()
}
