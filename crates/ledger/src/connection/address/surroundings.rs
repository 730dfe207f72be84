//! What libpq reads besides the connection string: variables that begin with `PG`, and the home folder.
//! This is the only place where the process's own are read; tests put in theirs.

use super::parameter::Parameters;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which variable stands for which parameter.
const OF_PARAMETERS: [(&str, &str); 29] = [
    ("PGAPPNAME", "application_name"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGDATABASE", "dbname"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGOPTIONS", "options"),
    ("PGPASSFILE", "passfile"),
    ("PGPASSWORD", "password"),
    ("PGPORT", "port"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGSERVICE", "service"),
    ("PGSERVICEFILE", "servicefile"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLSNI", "sslsni"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGUSER", "user"),
];

/// Where the files of the whole machine are.
const SYSTEM_FOLDER: &str = "PGSYSCONFDIR";

/// Variables and home folder, as they are or as a test wants them.
#[derive(Clone, Default)]
pub struct Surroundings {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
}

/// Without the values: one of them may be a password.
impl std::fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.variables.keys().collect();
        formatter
            .debug_struct("Surroundings")
            .field("variables", &names)
            .field("home", &self.home)
            .finish()
    }
}

impl Surroundings {
    /// This process's.
    pub fn of_process() -> Self {
        let names = OF_PARAMETERS.iter().map(|(name, _)| *name).chain([SYSTEM_FOLDER, "USER"]);
        let set = names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        Self { variables: set.collect(), home: std::env::home_dir() }
    }

    /// None at all: only the connection string counts.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets a variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the home folder.
    #[must_use]
    pub fn home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.home = Some(folder.into());
        self
    }

    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The parameters that variables give.
    pub(super) fn parameters(&self) -> Parameters {
        let set = OF_PARAMETERS.iter().filter_map(|(variable, parameter)| {
            Some(((*parameter).to_owned(), self.get(variable)?.to_owned()))
        });
        set.collect()
    }

    /// The user's name at the operating system, as far as a variable says it.
    pub(super) fn user(&self) -> Option<&str> {
        self.get("USER")
    }

    /// A file in the home folder.
    pub(super) fn in_home(&self, path: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// A file of the whole machine.
    pub(super) fn of_system(&self, path: &str) -> Option<PathBuf> {
        Some(PathBuf::from(self.get(SYSTEM_FOLDER)?).join(path))
    }
}
