//! Packages that carry a service's migrations, by their registry's own client.
//!
//! Nothing of them is committed: crates are where cargo keeps them, others below `target`. A folder
//! appears by a rename, so one that is there is whole.

mod npm;
mod pypi;

use crate::bounded;
use crate::histories::fetch;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// For some 10 MB over a slow line.
const FETCH_MAX: Duration = Duration::from_secs(180);

/// Where a package comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Registry {
    Crates,
    PyPi,
    Npm,
}

impl Registry {
    /// The folder of a package, fetched where it is not there yet.
    pub(super) fn folder(self, name: &str, version: &str) -> anyhow::Result<PathBuf> {
        match self {
            Self::Crates => fetch::unpacked_crate(name, version),
            Self::PyPi => kept("pypi", name, version, |work| pypi::fetch(work, name, version)),
            Self::Npm => kept("npm", name, version, |work| npm::fetch(work, name, version)),
        }
    }
}

/// What is kept of a package; put there by `fetch`, which is given a folder to fill.
fn kept(
    registry: &str,
    name: &str,
    version: &str,
    fetch: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/histories");
    let destination = root.join(format!("{registry}-{name}-{version}"));
    if destination.is_dir() {
        return Ok(destination);
    }
    std::fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    let work = tempfile::tempdir_in(&root).with_context(|| root.display().to_string())?;
    let filled = work.path().join("package");
    std::fs::create_dir(&filled).with_context(|| filled.display().to_string())?;
    fetch(&filled).with_context(|| format!("{name} {version} is not fetched"))?;
    std::fs::rename(&filled, &destination).with_context(|| destination.display().to_string())?;
    Ok(destination)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    bounded::run(command, FETCH_MAX)
}
