//! npm: the package's archive is fetched and unpacked, none of its dependencies, no script is run.

use anyhow::Context as _;
use std::path::Path;
use std::process::Command;

/// Fills a folder with the package's files.
pub(super) fn fetch(folder: &Path, name: &str, version: &str) -> anyhow::Result<()> {
    let archives = tempfile::tempdir().context("no temporary folder")?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--loglevel=error", "--ignore-scripts", "--pack-destination"])
        .arg(archives.path())
        .arg(format!("{name}@{version}"));
    super::run(&mut npm)?;
    let mut tar = Command::new("tar");
    tar.arg("-xzf")
        .arg(archives.path().join(format!("{name}-{version}.tgz")))
        .arg("-C")
        .arg(folder);
    super::run(&mut tar)
}
