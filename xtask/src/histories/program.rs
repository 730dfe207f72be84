//! The program `changeover` as an operator runs it.

use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the program and finds out where it is.
pub(super) fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "changeover-cli"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo does not start")?;
    ensure!(output.status.success(), "the program cannot be built");
    let text = String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")?;
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo built no program")
}

/// `changeover migrate`, from a folder on an empty database.
pub(super) async fn migrate(program: &Path, folder: &Path, url: &str) -> anyhow::Result<()> {
    let output = tokio::process::Command::new(program)
        .arg("migrate")
        .arg("--migrations")
        .arg(folder)
        .args(["--database-url", url])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("the program does not start")?;
    ensure!(
        output.status.success(),
        "`changeover migrate --migrations {}` ended with {}:\n{}{}",
        folder.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
