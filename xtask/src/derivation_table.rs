//! `cargo xtask derivation-table`: every type × every type of key × kind of relation, on each major. The
//! table is a test of `crates/plan` (`tests/server/derivation_table/`), of which `cargo test` takes a sample.

use anyhow::{Context, ensure};
use std::process::Command;

/// Which majors.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The majors, separated by commas.
    #[arg(long, default_value = "13,15,17,18")]
    majors: String,
    /// Only one table in so many, for a first look.
    #[arg(long, default_value_t = 1)]
    one_in: usize,
}

/// Runs it; the test prints, for each major, how many cases are right and wrong and the first wrong ones,
/// bounds its time, and fails where one is wrong or was not reached.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["test", "-p", "changeover-plan", "--test", "server"])
        .args(["derivation_table", "--", "--nocapture"])
        .env("CHANGEOVER_DERIVATION_TABLE", &args.majors)
        .env("CHANGEOVER_DERIVATION_TABLE_ONE_IN", args.one_in.to_string())
        .status()
        .context("running cargo")?;
    ensure!(status.success(), "some types do not come out right");
    Ok(())
}
