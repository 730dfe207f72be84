//! `cargo xtask derivation-table`: every type × every type of key × kind of relation, on each major. The
//! table is a test of `crates/plan` (`tests/server/derivation_table.rs`), here with every key.

use anyhow::{Context, ensure};
use std::process::Command;

/// Which majors.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The majors, separated by commas.
    #[arg(long, default_value = "13,15,17,18")]
    majors: String,
}

/// Runs it; the test prints the number of cases of each major.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["test", "-p", "changeover-plan", "--test", "server"])
        .args(["derivation_table", "--", "--nocapture"])
        .env("CHANGEOVER_DERIVATION_TABLE", &args.majors)
        .status()
        .context("running cargo")?;
    ensure!(status.success(), "some types do not come out right");
    Ok(())
}
