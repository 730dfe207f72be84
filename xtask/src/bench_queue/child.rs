//! Ours and the raw limit, each in a process of its own, which is this program started again:
//! `bench-queue-child <contestant> <fill|drain|offered> <url> <jobs>`. As optimised as the chore itself:
//! `cargo run --release -p xtask -- bench-queue`.

use super::{offered, ours, raw};
use anyhow::bail;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    contestant: String,
    action: String,
    url: String,
    jobs: u32,
}

/// Does one thing and prints what it took.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match (&*args.contestant, &*args.action) {
        ("ours", "fill") => ours::fill(&args.url, args.jobs).await,
        ("ours", "drain") => ours::drain(&args.url).await,
        ("ours", "offered") => offered::run(&args.url, args.jobs).await,
        ("raw", "fill") => raw::fill(&args.url, args.jobs).await,
        ("raw", "drain") => raw::drain(&args.url).await,
        _ => bail!("no contestant {} or action {}", args.contestant, args.action),
    }
}
