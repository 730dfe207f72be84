//! PyPI, by pip: a built package is unpacked, none of its dependencies, and nothing of it is run.

use std::path::Path;
use std::process::Command;

/// Fills a folder with the package's files.
pub(super) fn fetch(folder: &Path, name: &str, version: &str) -> anyhow::Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--only-binary=:all:", "--target"])
        .arg(folder)
        .arg(format!("{name}=={version}"));
    super::run(&mut pip)
}
