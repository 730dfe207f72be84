//! Drivers of other languages, for programs that tests run against a server: fetched into the cache by
//! their own package clients, once, as a pinned list says.
//!
//! As for the servers: no address stands here, no script of a package is run, and everything appears by
//! a rename, under a lock. What was fetched is found by the hash of its list.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::bounded_command;
use crate::cache::Cache;
use crate::error::{StartError, file_error};

/// For some 5 MB over a slow line (2 Mbit/s), and less than others wait for the lock.
const FETCH_DEADLINE: Duration = Duration::from_secs(150);
/// Starting an interpreter takes 20 ms; a busy machine may take a hundred times that.
const ASK_DEADLINE: Duration = Duration::from_secs(20);

/// The packages of a `requirements.txt`, as a folder for `PYTHONPATH`.
///
/// Errors: `python3` or its `pip` is missing or fails.
pub fn python_packages(requirements: &Path) -> Result<PathBuf, StartError> {
    // Built packages fit one version of the interpreter.
    let mut ask = Command::new("python3");
    ask.args(["-c", "import sys; print(sys.implementation.cache_tag)"]);
    let python = bounded_command::run(ask, ASK_DEADLINE)?.trim().to_owned();
    fetched(&format!("{python}-{}", hash(requirements)?), |work| {
        let packages = work.join("packages");
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-cache-dir",
            "--root-user-action=ignore",
        ])
        .args(["--disable-pip-version-check", "--only-binary=:all:", "--target"])
        .arg(&packages)
        .arg("--requirement")
        .arg(requirements);
        bounded_command::run(pip, FETCH_DEADLINE)?;
        Ok(packages)
    })
}

/// The packages of a folder with `package.json` and `package-lock.json`, as a folder to link to as
/// `node_modules`.
///
/// Errors: `npm` is missing or fails, or what it got is not what the lock file says.
pub fn node_modules(package: &Path) -> Result<PathBuf, StartError> {
    let lock_file = package.join("package-lock.json");
    let name = format!("node-{}", hash(&lock_file)?);
    let packages = fetched(&name, |work| {
        // Packages find each other only in a folder of that name.
        let tree = work.join("tree");
        std::fs::create_dir(&tree).map_err(file_error("make", &tree))?;
        for name in ["package.json", "package-lock.json"] {
            let file = package.join(name);
            std::fs::copy(&file, tree.join(name)).map_err(file_error("copy", &file))?;
        }
        let mut npm = Command::new("npm");
        // A cache of its own: the user's may belong to root, or there is no home at all.
        npm.args([
            "ci",
            "--loglevel=error",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--cache",
        ])
        .arg(work.join("client-cache"))
        .current_dir(&tree);
        bounded_command::run(npm, FETCH_DEADLINE)?;
        Ok(tree)
    })?;
    Ok(packages.join("node_modules"))
}

/// What is in the cache under `name`; put there by `fetch`, which returns where it has prepared it.
fn fetched(
    name: &str,
    fetch: impl FnOnce(&Path) -> Result<PathBuf, StartError>,
) -> Result<PathBuf, StartError> {
    let cache = Cache::open()?;
    let root = cache.folder("packages")?;
    let destination = root.join(name);
    let lock = cache.lock(name)?;
    if !destination.is_dir() {
        let work = cache.work_folder(&root, name)?;
        let prepared = fetch(work.path())?;
        std::fs::set_permissions(&prepared, PermissionsExt::from_mode(0o755))
            .map_err(file_error("set permissions of", &prepared))?;
        std::fs::rename(&prepared, &destination).map_err(file_error("move", &prepared))?;
    }
    drop(lock);
    Ok(destination)
}

/// The front of a file's hash: enough to tell lists apart.
fn hash(file: &Path) -> Result<String, StartError> {
    let bytes = std::fs::read(file).map_err(file_error("read", file))?;
    Ok(Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
