//! Why central did not start, or a helper of the demo failed. What a *request* may be answered with is
//! in [`crate::request`].

/// Why an operation outside of a request failed.
#[derive(Debug, thiserror::Error)]
pub enum CentralError {
    /// There is no such release.
    #[error("release `{name}` is unknown; there are {known}")]
    UnknownRelease {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// An address of a database that cannot be read.
    #[error("the connection string cannot be used")]
    Url(#[from] changeover::AddressError),
    /// No connection.
    #[error("no connection to the database for {purpose}")]
    Connect {
        /// What it was wanted for.
        purpose: &'static str,
        /// Why.
        #[source]
        source: changeover::ConnectError,
    },
    /// A statement failed.
    #[error("{doing} failed")]
    Sql {
        /// What was being done.
        doing: String,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The pool could not be built.
    #[error("the connection pool could not be built")]
    Pool(#[source] deadpool::managed::BuildError),
    /// The port is taken, or the address is not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Signals cannot be received.
    #[error("signal handlers could not be installed")]
    Signals(#[source] std::io::Error),
    /// Migrations are to be run, but by whom is not said.
    #[error("`--upgrade in-one-go` needs `--owner-url`")]
    OwnerUrlMissing,
    /// The migrations that this binary carries do not fit together.
    #[error("the migrations of this release are malformed")]
    Migrations(#[source] changeover_plan::source::SourceError),
    /// The library could not bring the database to where this release can serve.
    #[error("the upgrade has failed")]
    Upgrade(#[source] changeover::Error),
    /// The database has moved on, and this release may serve no longer.
    #[error("release {release} may serve no longer: {reason}")]
    Refused {
        /// The release.
        release: &'static str,
        /// Why.
        reason: String,
    },
    /// Another process held the migration lock for too long.
    #[error("another central held the migration lock for more than {waited_s} s")]
    MigrationLockHeld {
        /// How long was waited.
        waited_s: u64,
    },
}

impl CentralError {
    /// Builds [`CentralError::Sql`] for `map_err`.
    pub(crate) fn sql(doing: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Sql { doing, source }
    }
}
