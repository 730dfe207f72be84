//! How long planning takes, beside parsing alone: `crates/plan/benches/plan_time.rs`, built in release.
//!
//! Planning is arithmetic, so a build without optimisation would say nothing about what users wait for;
//! the benchmark is the crate's own, which compiles little besides it.

use anyhow::ensure;
use tokio::process::Command;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs it; it fails where 1,000 files take longer than is aimed at.
pub(crate) async fn run(_: Args) -> anyhow::Result<()> {
    let status = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["bench", "--quiet", "--package", "changeover-plan", "--bench", "plan_time"])
        .status()
        .await?;
    ensure!(status.success(), "planning takes longer than it should");
    Ok(())
}
