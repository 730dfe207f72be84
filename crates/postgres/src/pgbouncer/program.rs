//! Finds the program: `CHANGEOVER_PGBOUNCER` (which is binding), the path, the folders in which
//! systems put daemons, the cache, else fetched into the cache by `apt-get`.
//!
//! A program counts only if it runs and says its version, and if the user that will run it can
//! get there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::binaries::with_causes;
use crate::bounded_command;
use crate::cache::Cache;
use crate::error::StartError;
use crate::system_package;

/// The variable that names the program.
const VARIABLE: &str = "CHANGEOVER_PGBOUNCER";

/// Where daemons are, which is not on the path of ordinary users.
const USUAL_FOLDERS: [&str; 4] =
    ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/// `pgbouncer --version` answers at once; a first start from a cold disk may take seconds.
const VERSION_DEADLINE: Duration = Duration::from_secs(20);

/// A program that was looked at and found good.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The program.
    pub(super) path: PathBuf,
    /// Where libraries are that this machine lacks.
    pub(super) libraries: Option<OsString>,
    /// Its version, like `1.18.0`.
    pub(super) version: String,
}

impl Program {
    /// Finds it, and fetches it if need be.
    ///
    /// Errors: the variable names something else, or there is none and none can be fetched.
    pub(super) fn get(account: &Account, cache: &Cache) -> Result<Self, StartError> {
        if let Some(path) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            let path = PathBuf::from(path);
            let program = Self::inspect(&path, None)
                .map_err(|problem| StartError::BadPgBouncer { program: path, problem })?;
            return account.check_reaches(&program.path).map(|()| program);
        }
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&on_path).chain(USUAL_FOLDERS.map(PathBuf::from));
        let installed = folders.map(|folder| folder.join("pgbouncer")).find_map(|path| {
            let program = path.is_file().then(|| Self::inspect(&path, None).ok())??;
            account.check_reaches(&program.path).ok().map(|()| program)
        });
        if let Some(program) = installed {
            return Ok(program);
        }
        let not_found = |attempts| StartError::PgBouncerNotFound { attempts };
        let tree = system_package::fetch("pgbouncer", cache)
            .map_err(|error| not_found(with_causes(&error)))?;
        let program =
            Self::inspect(&tree.join("usr/sbin/pgbouncer"), system_package::libraries(&tree))
                .map_err(not_found)?;
        account.check_reaches(&program.path).map(|()| program)
    }

    /// Lets it say its version; the error says what is wrong.
    fn inspect(path: &Path, libraries: Option<OsString>) -> Result<Self, String> {
        let mut command = Command::new(path);
        command.arg("--version");
        if let Some(libraries) = &libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let output =
            bounded_command::run(command, VERSION_DEADLINE).map_err(|e| with_causes(&e))?;
        let version = parse_version(&output)
            .ok_or_else(|| format!("`pgbouncer --version` says {:?}", output.trim()))?;
        Ok(Self { path: path.to_owned(), libraries, version: version.to_owned() })
    }
}

/// `1.18.0` out of what it prints, which begins `PgBouncer 1.18.0`.
fn parse_version(output: &str) -> Option<&str> {
    output.trim_start().strip_prefix("PgBouncer ")?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::{Program, parse_version};

    #[test]
    fn the_version_is_read_from_what_it_prints() {
        assert_eq!(parse_version("PgBouncer 1.18.0\nlibevent 2.1.12-stable\n"), Some("1.18.0"));
        assert_eq!(parse_version("hello"), None);
    }

    #[test]
    fn another_program_is_none() {
        let problem = Program::inspect("/bin/sh".as_ref(), None).unwrap_err();
        assert!(problem.contains("sh"), "{problem}");
    }
}
