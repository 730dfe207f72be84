//! Finds the binaries of a major version: on the machine, in the cache, else fetched into it.
//!
//! Called by the builder. The order is: `CHANGEOVER_PG_BIN_<major>` (which is binding: if it is
//! wrong that is an error), `pg_config`, the usual folders, the cache, the package clients. A
//! folder counts only if it holds `postgres` and `initdb`, `postgres --version` says the wanted
//! major, and the user that will run the server can get there.

mod builds;
mod fetch;
mod installed;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::bounded_command;
use crate::cache::Cache;
use crate::error::StartError;

/// The major versions that this crate runs.
pub const SUPPORTED_MAJORS: RangeInclusive<u16> = 13..=18;

/// In which order majors are tried when the caller leaves it open: the default first, then newer
/// before older, nothing that is about to leave upstream's support.
const PREFERRED_MAJORS: [u16; 4] = [17, 18, 16, 15];

/// `postgres --version` answers at once; a first start from a cold disk may take seconds.
const VERSION_DEADLINE: Duration = Duration::from_secs(20);

/// A folder of binaries that was looked at and found good.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    /// The folder that holds `postgres` and `initdb`.
    pub(crate) folder: PathBuf,
    /// The major version.
    pub(crate) major: u16,
    /// The whole version, like `17.10`.
    pub(crate) version: String,
}

impl Binaries {
    /// Finds the wanted major, or a suitable one if none is wanted, and fetches it if need be.
    pub(crate) fn get(
        wanted: Option<u16>,
        account: &Account,
        cache: &Cache,
    ) -> Result<Self, StartError> {
        let Some(major) = wanted else {
            for major in PREFERRED_MAJORS {
                if let Some(found) = Self::find(major, account, cache)? {
                    return Ok(found);
                }
            }
            return Self::fetch(PREFERRED_MAJORS[0], account, cache);
        };
        if !SUPPORTED_MAJORS.contains(&major) {
            return Err(StartError::UnsupportedMajor { major });
        }
        match Self::find(major, account, cache)? {
            Some(found) => Ok(found),
            None => Self::fetch(major, account, cache),
        }
    }

    /// Looks on the machine and in the cache; fetches nothing.
    ///
    /// Errors: the environment variable for this major names a folder that will not do.
    fn find(major: u16, account: &Account, cache: &Cache) -> Result<Option<Self>, StartError> {
        if let Some((variable, folder)) = installed::named_by_environment(major) {
            return match Self::inspect(&folder, major) {
                Ok(found) => {
                    account.check_reaches(&found.program("postgres")).map(|()| Some(found))
                }
                Err(problem) => Err(StartError::BadOverride { variable, folder, major, problem }),
            };
        }
        let mut folders = installed::usual_folders(major);
        folders.extend(fetch::cached_folders(major, cache)?);
        Ok(folders.iter().find_map(|folder| {
            let found = Self::inspect(folder, major).ok()?;
            account.check_reaches(&found.program("postgres")).ok().map(|()| found)
        }))
    }

    fn fetch(major: u16, account: &Account, cache: &Cache) -> Result<Self, StartError> {
        let mut attempts = Vec::new();
        for build in builds::builds_for_this_machine(major) {
            let fetched = fetch::fetch(build, cache).and_then(|folder| {
                let found = Self::inspect(&folder, major).map_err(|problem| {
                    StartError::BadPackage { package: fetch::package(build), problem }
                })?;
                account.check_reaches(&found.program("postgres"))?;
                Ok(found)
            });
            match fetched {
                Ok(found) => return Ok(found),
                Err(error) => attempts.push(with_causes(&error)),
            }
        }
        if attempts.is_empty() {
            attempts.push(format!(
                "no ready-made build of it is known for {} on {}",
                std::env::consts::OS,
                std::env::consts::ARCH
            ));
        }
        Err(StartError::NotFound { major, attempts: attempts.join("; ") })
    }

    /// Checks that `folder` holds a server of that major; the error says what is wrong.
    fn inspect(folder: &Path, major: u16) -> Result<Self, String> {
        for name in ["postgres", "initdb"] {
            if !folder.join(name).is_file() {
                return Err(format!("it holds no `{name}`"));
            }
        }
        let mut command = Command::new(folder.join("postgres"));
        command.arg("--version");
        let output =
            bounded_command::run(command, VERSION_DEADLINE).map_err(|e| with_causes(&e))?;
        let version = parse_version(&output)
            .ok_or_else(|| format!("`postgres --version` says {:?}", output.trim()))?;
        if version.split('.').next() != Some(major.to_string().as_str()) {
            return Err(format!("it holds PostgreSQL {version}"));
        }
        Ok(Self { folder: folder.to_owned(), major, version: version.to_owned() })
    }

    /// The path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The major versions that can be started without fetching anything, in ascending order.
///
/// Empty also if the cache cannot be opened or this process has no user to run a server as.
pub fn available_majors() -> Vec<u16> {
    let (Ok(account), Ok(cache)) = (Account::of_server(), Cache::open()) else {
        return Vec::new();
    };
    SUPPORTED_MAJORS
        .filter(|major| matches!(Binaries::find(*major, &account, &cache), Ok(Some(_))))
        .collect()
}

/// `17.10` out of `postgres (PostgreSQL) 17.10 (Debian 17.10-1)`.
fn parse_version(output: &str) -> Option<&str> {
    let (_, rest) = output.split_once("(PostgreSQL) ")?;
    rest.split_whitespace().next()
}

/// An error and its causes in one line, for a list of attempts.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Binaries, parse_version};

    #[test]
    fn versions_are_read_from_what_the_server_prints() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some("15.18"));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1\n"), Some("19beta1"));
        assert_eq!(parse_version("hello"), None);
    }

    #[test]
    fn a_folder_without_a_server_is_refused_with_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let problem = Binaries::inspect(folder.path(), 17).unwrap_err();
        assert_eq!(problem, "it holds no `postgres`");
    }
}
