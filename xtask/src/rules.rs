//! `docs/rules.md`, made from the registry of rules. A test of `changeover-plan` fails where it is behind.

use anyhow::Context;
use changeover_plan::rule::{self, guide};
use std::path::Path;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Writes it.
pub(crate) fn run(_args: &Args) -> anyhow::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    std::fs::write(&path, guide::markdown()).with_context(|| path.display().to_string())?;
    println!("docs/rules.md: {} rules", rule::ALL.len());
    Ok(())
}
