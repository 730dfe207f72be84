//! Why a connection string, or a file that it names, can't be used, and what to do about it.

use std::path::PathBuf;

/// Why an address can't be used. No message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It's neither a URL nor a list of `name=value`.
    #[error("it's neither a URL nor a list of name=value: {reason}")]
    Malformed {
        /// Where reading stopped, and why.
        reason: String,
    },
    /// A parameter of another driver.
    #[error("`{name}` is a parameter of {owner}, not of PostgreSQL's own client library")]
    OtherDriver {
        /// The parameter.
        name: String,
        /// Whose it is.
        owner: &'static str,
        /// What does the same here; may be empty.
        instead: &'static str,
    },
    /// A parameter of libpq that isn't supported.
    #[error("the parameter `{name}` isn't supported here")]
    Unsupported {
        /// The parameter.
        name: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A parameter that nobody knows.
    #[error("the parameter `{name}` is unknown")]
    Unknown {
        /// The parameter.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// A value that a parameter can't have.
    #[error("{name}={value} can't be used; it takes {allowed}")]
    Value {
        /// The parameter.
        name: String,
        /// What it was set to.
        value: String,
        /// What it may be set to.
        allowed: String,
    },
    /// Two lists that must be of one length.
    #[error("{what}: {left} of one and {right} of the other")]
    Lengths {
        /// Which lists.
        what: &'static str,
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// A service that no file describes.
    #[error("the service `{service}` stands in no service file; looked in {looked_in}")]
    NoService {
        /// The service.
        service: String,
        /// The files.
        looked_in: String,
    },
    /// A file can't be read.
    #[error("{what} {} can't be read", .path.display())]
    File {
        /// What it is for, with the parameter that names it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file doesn't hold what it should.
    #[error("{what} {} can't be used: {reason}", .path.display())]
    Content {
        /// What it is for, with the parameter that names it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file with a secret that others can read.
    #[error("{what} {} can be read by others (mode {mode:04o})", .path.display())]
    Exposed {
        /// What it is for, with the parameter that names it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// TLS can't be set up.
    #[error("TLS can't be set up as asked")]
    Tls(#[source] rustls::Error),
}

impl AddressError {
    /// What to do next.
    pub fn remedy(&self) -> String {
        match self {
            Self::Malformed { .. } => {
                "write postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, with special \
                characters in the password percent-encoded, or host=HOST dbname=DATABASE user=ROLE"
                    .to_owned()
            }
            Self::OtherDriver { name, instead, .. } => {
                let then = if instead.is_empty() { String::new() } else { format!(" ({instead})") };
                format!(
                    "remove `{name}` from the connection string; nothing else depends on it{then}"
                )
            }
            Self::Unsupported { instead, .. } => (*instead).to_owned(),
            Self::Unknown { known, .. } => {
                format!("remove it, or correct its name; known are {known}")
            }
            Self::Value { .. } => "correct the value".to_owned(),
            Self::Lengths { .. } => {
                "give as many of one as of the other, or one port for all hosts".to_owned()
            }
            Self::NoService { service, .. } => {
                format!("add a section [{service}] to ~/.pg_service.conf, or set PGSERVICEFILE")
            }
            Self::File { .. } | Self::Content { .. } => {
                "correct the path, or the file; certificates and keys are PEM".to_owned()
            }
            Self::Exposed { path, .. } => format!(
                "chmod 0600 {} (0640 if root owns it, as for a mounted secret: `defaultMode: 0440`)",
                path.display()
            ),
            Self::Tls(_) => {
                "correct ssl_min_protocol_version and ssl_max_protocol_version, or the \
                certificate and its key, which must belong together"
                    .to_owned()
            }
        }
    }
}
