//! Where a database is and how to get in: read from a connection string, a service file, `PG*` variables and
//! a password file, in this order of precedence, as `psql` reads them. `docs/connecting.md` lists all of it.
//!
//! Used for every connection of the library, the program and the reference service. Files are read at each
//! connection, so that a rotated password or certificate is used without a restart. Nothing here talks to a
//! server; that is [`super::reach`].

mod conninfo;
mod error;
mod hosts;
mod parameter;
mod password_file;
pub(super) mod secret_file;
mod service_file;
mod surroundings;
#[cfg(test)]
mod tests;
mod tls_parameters;
mod url;

pub use error::AddressError;
pub(super) use hosts::Host;
pub use surroundings::Surroundings;
pub(super) use tls_parameters::{ClientFiles, Level, Roots, TlsWanted};

use parameter::{Parameters, check_name, number, word};
use password_file::Wanted;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::ChannelBinding;

/// How long a host may take to accept a connection where nothing else is said: longer than a connection
/// attempt takes anywhere but over a partition, and the caller tries again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest `connect_timeout` that counts: every wait is bounded.
const CONNECT_TIMEOUT_MAX_S: u64 = 60;

/// What a session must be like (`target_session_attrs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionWanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// A database's address, with all that is needed to get in.
#[derive(Clone)]
pub struct Address {
    /// At least one.
    pub(super) hosts: Vec<Host>,
    /// What all hosts have in common; without host and password.
    config: Config,
    password: Option<String>,
    password_file: Option<PathBuf>,
    pub(super) tls: TlsWanted,
    pub(super) session: SessionWanted,
    pub(super) in_random_order: bool,
    pub(super) connect_timeout: Duration,
}

/// Without the password.
impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads a connection string with this process's variables and home folder.
    ///
    /// # Errors
    /// [`AddressError`] says which part can't be used and what to do.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        Self::read_in(text, &Surroundings::of_process())
    }

    /// Reads a connection string with variables and home folder as they are given.
    ///
    /// # Errors
    /// As [`Address::read`].
    pub fn read_in(text: &str, surroundings: &Surroundings) -> Result<Self, AddressError> {
        let parameters = all_parameters(text, surroundings)?;
        let connect_timeout = connect_timeout(&parameters)?;
        let password_file = parameters
            .get("passfile")
            .map(PathBuf::from)
            .or_else(|| surroundings.in_home(".pgpass"));
        Ok(Self {
            hosts: hosts::read(&parameters)?,
            config: config(&parameters, surroundings, connect_timeout)?,
            password: parameters.get("password").cloned(),
            password_file,
            tls: tls_parameters::read(&parameters, surroundings)?,
            session: session(&parameters)?,
            in_random_order: word(
                &parameters,
                "load_balance_hosts",
                &[("disable", false), ("random", true)],
            )?
            .unwrap_or(false),
            connect_timeout,
        })
    }

    /// The settings that the startup packet carries (`options`).
    pub(super) fn options(&self) -> Option<&str> {
        self.config.get_options()
    }

    /// Adds a setting to the startup packet.
    pub(super) fn add_option(&mut self, setting: &str) {
        let own = self.options().map(|own| format!("{own} ")).unwrap_or_default();
        self.config.options(format!("{own}-c {setting}"));
    }

    /// The driver's settings for one host.
    pub(super) fn config_for(&self, host: &Host, name: &str) -> Result<Config, AddressError> {
        let mut config = self.config.clone();
        config.application_name(name);
        host.enter(&mut config);
        if let Some(password) = self.password_for(host)? {
            config.password(password);
        }
        Ok(config)
    }

    fn password_for(&self, host: &Host) -> Result<Option<String>, AddressError> {
        if let Some(password) = &self.password {
            return Ok(Some(password.clone()));
        }
        let (Some(file), Some(user)) = (&self.password_file, self.config.get_user()) else {
            return Ok(None);
        };
        let wanted = Wanted {
            host: host.in_password_file(),
            port: host.port,
            database: self.config.get_dbname().unwrap_or(user),
            user,
        };
        password_file::find(file, &wanted)
    }
}

/// All layers, the nearest one winning.
fn all_parameters(text: &str, surroundings: &Surroundings) -> Result<Parameters, AddressError> {
    let text = text.trim();
    let explicit = match url::behind_scheme(text) {
        Some(rest) => url::read(rest)?,
        None => conninfo::read(text)?,
    };
    let environment = surroundings.parameters();
    let told = |name: &str| explicit.get(name).or_else(|| environment.get(name));
    let of_service = match told("service") {
        Some(service) => {
            service_file::read(service, told("servicefile").map(String::as_str), surroundings)?
        }
        None => Parameters::new(),
    };
    let mut all = environment;
    all.extend(of_service);
    all.extend(explicit);
    for name in all.keys() {
        check_name(name)?;
    }
    // As in libpq, an empty value is none.
    all.retain(|_, value| !value.is_empty());
    check_fixed(&all)?;
    Ok(all)
}

/// Parameters that have one value here, whatever libpq allows besides.
fn check_fixed(parameters: &Parameters) -> Result<(), AddressError> {
    // The driver speaks UTF-8 only.
    word(
        parameters,
        "client_encoding",
        &[("UTF8", ()), ("utf8", ()), ("UTF-8", ()), ("utf-8", ()), ("auto", ())],
    )?;
    // GSSAPI isn't there to be preferred.
    word(parameters, "gssencmode", &[("disable", ()), ("prefer", ())])?;
    word(parameters, "sslcompression", &[("0", ())])?;
    Ok(())
}

fn connect_timeout(parameters: &Parameters) -> Result<Duration, AddressError> {
    let told = number(parameters, "connect_timeout")?.filter(|seconds| *seconds > 0);
    Ok(told
        .map_or(CONNECT_TIMEOUT, |seconds| Duration::from_secs(seconds.min(CONNECT_TIMEOUT_MAX_S))))
}

fn config(
    parameters: &Parameters,
    surroundings: &Surroundings,
    connect_timeout: Duration,
) -> Result<Config, AddressError> {
    let mut config = Config::new();
    let user = parameters.get("user").map(String::as_str).or_else(|| surroundings.user());
    if let Some(user) = user {
        config.user(user);
    }
    if let Some(database) = parameters.get("dbname") {
        config.dbname(database);
    }
    if let Some(options) = parameters.get("options") {
        config.options(options);
    }
    // Some 11 s until a server that vanished without a word is noticed.
    let seconds = |name, default| {
        let told = number(parameters, name)?.filter(|seconds| *seconds > 0);
        Ok::<_, AddressError>(Duration::from_secs(told.unwrap_or(default)))
    };
    let count = number(parameters, "keepalives_count")?.filter(|count| *count > 0).unwrap_or(3);
    // Milliseconds in libpq, as here.
    let unacknowledged_ms = number(parameters, "tcp_user_timeout")?.filter(|ms| *ms > 0);
    config
        .connect_timeout(connect_timeout)
        .keepalives(number(parameters, "keepalives")? != Some(0))
        .keepalives_idle(seconds("keepalives_idle", 5)?)
        .keepalives_interval(seconds("keepalives_interval", 2)?)
        .keepalives_retries(u32::try_from(count).unwrap_or(u32::MAX))
        .tcp_user_timeout(Duration::from_millis(unacknowledged_ms.unwrap_or(10_000)));
    let binding = word(
        parameters,
        "channel_binding",
        &[
            ("disable", ChannelBinding::Disable),
            ("prefer", ChannelBinding::Prefer),
            ("require", ChannelBinding::Require),
        ],
    )?;
    config.channel_binding(binding.unwrap_or(ChannelBinding::Prefer));
    Ok(config)
}

fn session(parameters: &Parameters) -> Result<SessionWanted, AddressError> {
    let told = word(
        parameters,
        "target_session_attrs",
        &[
            ("any", SessionWanted::Any),
            ("read-write", SessionWanted::ReadWrite),
            ("read-only", SessionWanted::ReadOnly),
            ("primary", SessionWanted::Primary),
            ("standby", SessionWanted::Standby),
            ("prefer-standby", SessionWanted::PreferStandby),
        ],
    )?;
    Ok(told.unwrap_or(SessionWanted::Any))
}
