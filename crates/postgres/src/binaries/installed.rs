//! Where a PostgreSQL that somebody installed may be.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::bounded_command;

/// `pg_config --bindir` only prints a constant.
const PG_CONFIG_DEADLINE: Duration = Duration::from_secs(20);

/// The folder named by `CHANGEOVER_PG_BIN_<major>`, with the variable's name.
pub(super) fn named_by_environment(major: u16) -> Option<(String, PathBuf)> {
    let variable = format!("CHANGEOVER_PG_BIN_{major}");
    let folder = std::env::var_os(&variable).filter(|value| !value.is_empty())?;
    Some((variable, PathBuf::from(folder)))
}

/// Folders worth a look, best first; they need not exist, nor hold this major.
pub(super) fn usual_folders(major: u16) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    folders.extend(told_by_pg_config());
    folders.extend(
        [
            // Debian and Ubuntu.
            format!("/usr/lib/postgresql/{major}/bin"),
            // Red Hat and Fedora, packages of the PostgreSQL project.
            format!("/usr/pgsql-{major}/bin"),
            // Alpine.
            format!("/usr/libexec/postgresql{major}"),
            // Homebrew on Apple silicon, on Intel, and on Linux.
            format!("/opt/homebrew/opt/postgresql@{major}/bin"),
            format!("/usr/local/opt/postgresql@{major}/bin"),
            format!("/home/linuxbrew/.linuxbrew/opt/postgresql@{major}/bin"),
            // Postgres.app.
            format!("/Applications/Postgres.app/Contents/Versions/{major}/bin"),
        ]
        .map(PathBuf::from),
    );
    folders.retain(|folder| folder.is_dir());
    folders
}

/// The folder that the `pg_config` on the path names; none if there is no such program.
fn told_by_pg_config() -> Option<PathBuf> {
    let mut command = Command::new("pg_config");
    command.arg("--bindir");
    let output = bounded_command::run(command, PG_CONFIG_DEADLINE).ok()?;
    Some(PathBuf::from(output.trim()))
}
