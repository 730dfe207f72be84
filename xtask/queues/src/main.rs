//! The Rust crates that `cargo xtask bench-queue` holds ours against, in a process of their own:
//! `changeover-queues <queue> <fill|drain> <url> <jobs>`.
//!
//! `fill` makes the queue's tables and enqueues no-op jobs; `drain` runs them and prints how many
//! milliseconds went by from the start of its workers until the database had none left. Each queue with the
//! settings that its authors measure it with, or better ones.

mod apalis_postgres_queue;
mod graphile;

use anyhow::{Context as _, bail};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// For how long a drain may take before it counts as stuck.
const DRAIN_MAX: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [queue, action, url, jobs] = &*arguments else {
        bail!("usage: changeover-queues <queue> <fill|drain> <url> <jobs>");
    };
    let jobs: i32 = jobs.parse()?;
    match (&**queue, &**action) {
        ("graphile", "fill") => graphile::fill(url, jobs).await,
        ("graphile", "drain") => graphile::drain(url, jobs).await,
        ("apalis", "fill") => apalis_postgres_queue::fill(url, jobs).await,
        ("apalis", "drain") => apalis_postgres_queue::drain(url, jobs).await,
        _ => bail!("no queue {queue} or action {action}"),
    }
}

/// A connection of this harness's own.
async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits until a statement says that nothing is left, and prints for how long.
async fn until_none_left(url: &str, began: Instant, is_done: &str) -> anyhow::Result<()> {
    let client = connect(url).await?;
    let statement = client.prepare(is_done).await?;
    while !client
        .query_one(&statement, &[])
        .await
        .context("looking whether any job is left")?
        .get::<_, bool>(0)
    {
        anyhow::ensure!(began.elapsed() < DRAIN_MAX, "jobs are left after {DRAIN_MAX:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("drained_ms={:.1}", began.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
