//! Ours and the raw limit, each in a process of its own, which is this program started again:
//! `bench-queue-child <contestant> <fill|drain|offered> <url> <jobs>`. As optimised as the chore itself:
//! `cargo run --release -p xtask -- bench-queue`.

use super::{offered, ours, raw};
use anyhow::{Context as _, bail, ensure};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// For how long a drain may take before it counts as stuck.
const DRAIN_MAX: Duration = Duration::from_secs(600);

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

/// A connection of this harness's own.
pub(super) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits until a statement says that nothing is left, and prints for how long. It should look at the end
/// of the queue: from its head it would read past all that was finished, each time.
pub(super) async fn until_none_left(
    url: &str,
    began: Instant,
    is_done: &str,
) -> anyhow::Result<()> {
    let client = connect(url).await?;
    // Once, so that looking takes as little as it can from what is measured.
    let statement = client.prepare(is_done).await?;
    loop {
        let row =
            client.query_one(&statement, &[]).await.context("looking whether any job is left")?;
        if row.get(0) {
            break;
        }
        ensure!(began.elapsed() < DRAIN_MAX, "jobs are left after {DRAIN_MAX:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("drained_ms={:.1}", began.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
