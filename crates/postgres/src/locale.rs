//! A locale of the server's own, compiled into its folder, so that no test depends on which locales the
//! machine has.
//!
//! `localedef` comes with the C library; the sources it compiles are in the package `locales`, which is
//! fetched where it is not installed. glibc finds the result by `LOCPATH`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::bounded_command;
use crate::cache::Cache;
use crate::error::{StartError, file_error};
use crate::system_package;

/// Compiling takes 1 to 2 s; a busy machine may take many times that.
const COMPILE_DEADLINE: Duration = Duration::from_secs(60);

/// Where the sources are, on the machine or below an unpacked package.
const SOURCES: &str = "usr/share/i18n";

/// Where the machine's own locales are: `LOCPATH` takes the place of it.
const MACHINES: &str = "/usr/lib/locale";

/// Compiles the locale, like `de_DE.UTF-8`, into the server's folder.
///
/// Errors: there is no `localedef`, no such locale, or its sources cannot be fetched.
pub(crate) fn make(
    name: &str,
    folder: &Path,
    account: &Account,
    cache: &Cache,
) -> Result<(), StartError> {
    let (language, charset) = name.split_once('.').unwrap_or((name, "UTF-8"));
    let mut sources = Path::new("/").join(SOURCES);
    if !sources.join("locales").join(language).is_file() {
        sources = system_package::fetch("locales", cache)?.join(SOURCES);
    }
    let locales = locales(folder);
    std::fs::create_dir_all(&locales).map_err(file_error("make", &locales))?;
    let mut compile = Command::new("localedef");
    compile
        .args(["--no-archive", "-i", language, "-f", charset])
        .arg(locales.join(name))
        .env("I18NPATH", &sources)
        .env("LC_ALL", "C");
    bounded_command::run(compile, COMPILE_DEADLINE)?;
    account.own(&locales)
}

/// The variable by which a server in that folder finds its locale; none where it has none.
pub(crate) fn variable(folder: &Path) -> Option<(&'static str, String)> {
    let locales = locales(folder);
    locales.is_dir().then(|| ("LOCPATH", format!("{}:{MACHINES}", locales.display())))
}

fn locales(folder: &Path) -> PathBuf {
    folder.join("locale")
}
