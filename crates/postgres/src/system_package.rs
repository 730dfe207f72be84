//! Fetches a package of the system into the cache with `apt-get`, once, without installing it:
//! PgBouncer, and the sources of locales.
//!
//! `apt-get download` checks the package against the signed lists of the system's own release,
//! which also decides its version: older ones vanish from Debian's servers, so a pin would rot.
//! `dpkg-deb -x` unpacks it, and libraries that it needs and this machine lacks, beside its final
//! place; a rename puts it there, under a lock. No script of a package is run, and no daemon is
//! started. Where the lists are empty, root lets `apt-get update` fetch them; others cannot.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded_command;
use crate::cache::Cache;
use crate::error::{StartError, file_error};

/// For some 3 MB, or the lists of 10 MB, over a slow line (2 Mbit/s).
const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(100);

/// Unpacking takes a tenth of a second; a busy machine may take a hundred times that.
const UNPACK_DEADLINE: Duration = Duration::from_secs(20);

/// Fetches it unless it is in the cache, and returns the folder that stands for `/`.
///
/// Errors: `apt-get` or `dpkg-deb` is missing or fails.
pub(crate) fn fetch(package: &str, cache: &Cache) -> Result<PathBuf, StartError> {
    let root = cache.folder("binaries")?;
    let name = folder_name(package);
    let destination = root.join(&name);
    let lock = cache.lock(&name)?;
    if !destination.is_dir() {
        let work = cache.work_folder(&root, &name)?;
        let tree = work.path().join("tree");
        std::fs::create_dir(&tree).map_err(file_error("make", &tree))?;
        if download(&[package.to_owned()], work.path()).is_err() {
            refresh_lists()?;
            download(&[package.to_owned()], work.path())?;
        }
        let libraries = missing_libraries(&packed(work.path())?)?;
        if !libraries.is_empty() {
            download(&libraries, work.path())?;
        }
        for file in packed(work.path())? {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("-x").arg(&file).arg(&tree);
            bounded_command::run(unpack, UNPACK_DEADLINE)?;
        }
        std::fs::set_permissions(&tree, PermissionsExt::from_mode(0o755))
            .map_err(file_error("set permissions of", &tree))?;
        std::fs::rename(&tree, &destination).map_err(file_error("move", &tree))?;
    }
    drop(lock);
    Ok(destination)
}

/// The folders of shared libraries below `tree`, as `LD_LIBRARY_PATH` takes them.
pub(crate) fn libraries(tree: &Path) -> Option<OsString> {
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders = ["usr/lib", "lib"].map(|folder| tree.join(folder).join(&triplet));
    std::env::join_paths(folders.iter().filter(|folder| folder.is_dir())).ok()
}

/// Named by the system's release, whose libraries the program is linked with.
fn folder_name(package: &str) -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename =
        release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or("");
    let codename: String = codename.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("apt-{codename}-{package}")
}

fn download(packages: &[String], folder: &Path) -> Result<(), StartError> {
    let mut apt = Command::new("apt-get");
    apt.args(["download", "-qq"]).args(packages).current_dir(folder).env("LC_ALL", "C");
    bounded_command::run(apt, DOWNLOAD_DEADLINE).map(|_output| ())
}

fn refresh_lists() -> Result<(), StartError> {
    let mut apt = Command::new("apt-get");
    apt.args(["update", "-qq"]).current_dir("/").env("LC_ALL", "C");
    bounded_command::run(apt, DOWNLOAD_DEADLINE).map(|_output| ())
}

/// The packed files in `folder`.
fn packed(folder: &Path) -> Result<Vec<PathBuf>, StartError> {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>());
    let mut paths: Vec<PathBuf> = entries.map_err(file_error("list", folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    Ok(paths)
}

/// The libraries that these packages need and that are not installed.
fn missing_libraries(packages: &[PathBuf]) -> Result<Vec<String>, StartError> {
    let mut missing = Vec::new();
    for package in packages {
        let mut fields = Command::new("dpkg-deb");
        fields.arg("-f").arg(package).arg("Depends");
        let depends = bounded_command::run(fields, UNPACK_DEADLINE)?;
        missing.extend(libraries_of(&depends).filter(|name| !is_installed(name)));
    }
    Ok(missing)
}

/// The names of libraries in a list like `libc6 (>= 2.36), libssl3, lsb-base | sysvinit`.
fn libraries_of(depends: &str) -> impl Iterator<Item = String> {
    depends.split(',').filter_map(|part| {
        let name = part.split([' ', '(', '|', ':']).find(|word| !word.is_empty())?.trim();
        name.starts_with("lib").then(|| name.to_owned())
    })
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Status}", package]);
    bounded_command::run(query, UNPACK_DEADLINE)
        .is_ok_and(|status| status.contains("install ok installed"))
}

#[cfg(test)]
mod tests {
    use super::libraries_of;

    #[test]
    fn libraries_are_told_from_other_packages() {
        let depends = "lsb-base (>= 3.1), libc-ares2 (>= 1.12), libssl3 | libssl1.1, libsystemd0\n";
        let names: Vec<String> = libraries_of(depends).collect();
        assert_eq!(names, ["libc-ares2", "libssl3", "libsystemd0"]);
    }
}
