//! What may be chosen about a server, and its start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cache::Cache;
use crate::error::{StartError, file_error};
use crate::folder;
use crate::locale;
use crate::port;
use crate::postmaster::{self, Postmaster};
use crate::profile::Profile;
use crate::server::Server;
use crate::small_disk::SmallDisk;
use crate::template;
use crate::watchdog::Watchdog;

/// A port found free may be taken before the server binds it; five times in a row is no accident.
const PORT_ATTEMPTS_MAX: u32 = 5;

/// The servers of [`Server::shared`], by major version.
static SHARED: Mutex<BTreeMap<u16, &'static Server>> = Mutex::new(BTreeMap::new());

/// Chooses version, profile and settings of a server, then starts it.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    major: Option<u16>,
    profile: Profile,
    settings: Vec<(String, String)>,
    parent: Option<PathBuf>,
    on_disk: bool,
    small_disk_bytes: Option<u64>,
    files: Vec<(&'static str, String)>,
    hba: Option<String>,
    locale: Option<String>,
}

impl Server {
    /// Chooses what kind of server to start.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a server for tests of that major version. Blocks; see [`Builder::start`].
    pub fn start(major: u16) -> Result<Self, StartError> {
        Self::builder().major(major).start()
    }

    /// The server for tests of that major version that all of this process shares.
    ///
    /// It is started by the first who asks (this blocks; see [`Builder::start`]) and ends with the
    /// process. Do not restart it: others are using it.
    pub fn shared(major: u16) -> Result<&'static Self, StartError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.get(&major) {
            return Ok(server);
        }
        let server: &'static Self = Box::leak(Box::new(Self::start(major)?));
        shared.insert(major, server);
        Ok(server)
    }
}

impl Builder {
    /// The major version, 13 to 18. Without it: one of 15 to 18 that needs no download, 17 first.
    #[must_use]
    pub fn major(mut self, major: u16) -> Self {
        self.major = Some(major);
        self
    }

    /// What the server is for; [`Profile::Test`] if not said.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// One setting of `postgresql.conf`, say `("wal_level", "logical")`; wins over the profile's.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Keeps the data on disk, also where the profile would put it into memory.
    #[must_use]
    pub fn on_disk(mut self) -> Self {
        self.on_disk = true;
        self
    }

    /// Puts the server's folder into `parent`, which the user that runs it must be able to reach.
    #[must_use]
    pub fn under(mut self, parent: impl Into<PathBuf>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Gives the server a second, small disk, so that it can run out of space for real; see
    /// [`Server::create_database_on_small_disk`]. Linux only: it is a file system in memory, mounted
    /// where only the server sees it, so gone with the server's processes and lost at a restart.
    #[must_use]
    pub fn small_disk(mut self, bytes: u64) -> Self {
        self.small_disk_bytes = Some(bytes);
        self
    }

    /// Switches TLS on, with a certificate and its key in PEM. With a CA the server also asks clients for
    /// certificates that this one has signed; whether it insists, `pg_hba.conf` says ([`Builder::hba`]).
    #[must_use]
    pub fn tls(
        mut self,
        certificate_pem: impl Into<String>,
        key_pem: impl Into<String>,
        client_ca_pem: Option<String>,
    ) -> Self {
        self.files.push(("server.crt", certificate_pem.into()));
        self.files.push(("server.key", key_pem.into()));
        let mut builder = self.setting("ssl", "on");
        if let Some(ca) = client_ca_pem {
            builder.files.push(("client_ca.crt", ca));
            builder = builder.setting("ssl_ca_file", "client_ca.crt");
        }
        builder
    }

    /// Who is let in, as lines of `pg_hba.conf` that stand before all others. The functions that make
    /// databases come in over TCP, without TLS, as `postgres`.
    #[must_use]
    pub fn hba(mut self, lines: &[&str]) -> Self {
        let admin = "hostnossl all postgres 127.0.0.1/32 trust\nlocal all postgres trust\n";
        self.hba = Some(format!("{}\n{admin}", lines.join("\n")));
        self
    }

    /// A locale that sessions may choose, like `de_DE.UTF-8`, also where the machine has none but C.
    #[must_use]
    pub fn locale(mut self, name: impl Into<String>) -> Self {
        self.locale = Some(name.into());
        self
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// This blocks the calling thread: some 0.5 s, several seconds at the first start of a major
    /// version (`initdb`, or even a download of 23 MB). Inside of an async runtime with other work
    /// going on, use a blocking thread.
    ///
    /// Errors: see [`StartError`]; what had been started is gone again.
    pub fn start(self) -> Result<Server, StartError> {
        let account = Account::of_server()?;
        let cache = Cache::open()?;
        let binaries = Binaries::get(self.major, &account, &cache)?;
        let in_memory = self.profile.may_be_in_memory() && !self.on_disk;
        let folder = folder::make(self.parent.as_deref(), in_memory, &account)?;
        let mut watchdog = Watchdog::start(folder)?;
        let data = watchdog.folder().join("data");
        template::copy_to(&data, &binaries, &account, &cache)?;
        let configuration = self.configuration(watchdog.folder())?;
        append(&data.join("postgresql.conf"), &configuration)?;
        for (name, text) in &self.files {
            write_private(&data.join(name), text, &account)?;
        }
        if let Some(hba) = &self.hba {
            write_private(&data.join("pg_hba.conf"), hba, &account)?;
        }
        if let Some(name) = &self.locale {
            locale::make(name, watchdog.folder(), &account, &cache)?;
        }
        let small_disk = match self.small_disk_bytes {
            Some(bytes) => Some(SmallDisk::make(watchdog.folder(), bytes, &account)?),
            None => None,
        };

        let mut attempt = 1;
        loop {
            let port = port::pick()?;
            append(&data.join("postgresql.conf"), &format!("port = {port}\n"))?;
            match Postmaster::start(&binaries, &account, small_disk.as_ref(), &mut watchdog) {
                Ok(postmaster) => {
                    let parts = (postmaster, watchdog);
                    return Ok(Server::new(binaries, account, port, small_disk, parts));
                }
                Err(StartError::Ended { log, .. })
                    if attempt < PORT_ATTEMPTS_MAX && postmaster::is_port_taken(&log) =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What is appended to `postgresql.conf`; of settings named twice the last one counts.
    fn configuration(&self, folder: &Path) -> Result<String, StartError> {
        let folder = folder.to_string_lossy();
        let own = [
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", folder.as_ref()),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
        ];
        let chosen = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut text = "\n".to_owned();
        for (name, value) in
            own.into_iter().chain(self.profile.settings().iter().copied()).chain(chosen)
        {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            if name.is_empty() || !name.chars().all(allowed) {
                return Err(StartError::BadSetting { name: name.to_owned() });
            }
            let value = value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n");
            writeln!(text, "{name} = '{value}'")
                .map_err(|_| StartError::BadSetting { name: name.to_owned() })?;
        }
        Ok(text)
    }
}

/// Writes a file that only the server's user can read, as it insists on for keys.
fn write_private(path: &Path, text: &str, account: &Account) -> Result<(), StartError> {
    std::fs::write(path, text)
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)))
        .map_err(file_error("write", path))?;
    account.own(path)
}

/// Appends, so that the file keeps its owner.
pub(crate) fn append(path: &Path, text: &str) -> Result<(), StartError> {
    std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(file_error("write", path))
}
