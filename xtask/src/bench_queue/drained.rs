//! What each contestant needs besides its queue: a connection, and to know when nothing is left.

use anyhow::{Context, ensure};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// For how long a drain may take before it counts as stuck.
const DRAIN_MAX: Duration = Duration::from_secs(600);

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
