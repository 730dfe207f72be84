//! Gets the histories: crates that carry their service's migrations, by cargo's own client.
//!
//! `cargo info` fetches one crate, verified against the registry's checksum, and unpacks it below
//! cargo's home, without the hundreds of crates that it depends on and that nobody here compiles.
//! Versions are pinned: another version is another history. Nothing of them is committed.

use crate::bounded;
use anyhow::{Context as _, bail, ensure};
use changeover_plan::Migration;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Name and version of each crate, and how many migrations it has: fewer read is a fault of ours.
const CRATES: [(&str, &str, usize); 2] =
    [("atuin-server-postgres", "18.20.1", 20), ("zksync_dal", "29.13.0-non-semver-compat", 259)];
/// A registry that is down for longer than this is down.
const ATTEMPTS_MAX: u32 = 3;
/// Between two attempts.
const ATTEMPT_PAUSE: Duration = Duration::from_secs(3);
/// Both crates have less than 1 MB; cargo's own retries are within.
const FETCH_MAX: Duration = Duration::from_secs(120);

/// One service's migrations.
pub(super) struct History {
    /// The crate.
    pub(super) name: &'static str,
    /// Its version.
    pub(super) version: &'static str,
    /// The folder of its migrations.
    pub(super) folder: PathBuf,
    /// What is in it, by number.
    pub(super) migrations: Vec<Migration>,
}

/// Fetches what is not there yet, and reads it.
pub(super) fn histories() -> anyhow::Result<Vec<History>> {
    CRATES.into_iter().map(|(name, version, count)| history(name, version, count)).collect()
}

fn history(name: &'static str, version: &'static str, count: usize) -> anyhow::Result<History> {
    let folder = unpacked_crate(name, version)?.join("migrations");
    let migrations = changeover::folder::read(&folder)
        .with_context(|| format!("the migrations of {name} {version} are not read"))?;
    ensure!(
        migrations.len() == count,
        "{name} {version} has {count} migrations, but {} were read",
        migrations.len()
    );
    Ok(History { name, version, folder, migrations })
}

/// The folder of a crate, fetched where it is not there yet.
pub(crate) fn unpacked_crate(name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let home = cargo_home()?;
    let mut attempt = 0;
    loop {
        if let Some(folder) = unpacked(&home, name, version) {
            return Ok(folder);
        }
        attempt += 1;
        let outcome = fetch(&home, name, version);
        match outcome {
            Ok(()) if attempt < ATTEMPTS_MAX => {}
            Ok(()) => bail!("cargo did not unpack {name} {version} below {}", home.display()),
            Err(error) if attempt == ATTEMPTS_MAX => return Err(error),
            Err(_) => std::thread::sleep(ATTEMPT_PAUSE),
        }
    }
}

/// Where cargo keeps what it fetches.
fn cargo_home() -> anyhow::Result<PathBuf> {
    let told = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    told.or_else(usual).context("neither CARGO_HOME nor HOME is set")
}

/// The crate's folder, whichever registry or mirror it came from.
fn unpacked(home: &Path, name: &str, version: &str) -> Option<PathBuf> {
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    registries
        .filter_map(Result::ok)
        .map(|registry| registry.path().join(format!("{name}-{version}")))
        .find(|folder| folder.join(".cargo-ok").is_file())
}

/// Runs `cargo info` outside of this workspace, within a bound.
fn fetch(home: &Path, name: &str, version: &str) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["info", "--quiet", &format!("{name}@{version}")])
        .env("CARGO_HOME", home)
        .current_dir(std::env::temp_dir());
    bounded::run(&mut command, FETCH_MAX)
}
