//! A reader that holds every table for some seconds, pauses, and begins again: a report, a dump.

use crate::error::VerifyError;
use crate::trial::connect;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// The pause between two reports: time for an upgrade to get what it needs.
const REST: Duration = Duration::from_millis(100);
/// How long the reader itself may wait for a table.
const LOCK_WAIT: &str = "SET lock_timeout = '30s'";

/// A reader at work.
pub(super) struct Reader {
    stop: CancellationToken,
    task: JoinHandle<Result<u64, VerifyError>>,
}

/// Starts; the tables are held when it returns.
pub(super) async fn start(url: &str, reading: Duration) -> Result<Reader, VerifyError> {
    let client = connect(url, "verify-reader", "reading beside the upgrade").await?;
    client.batch_execute(LOCK_WAIT).await.map_err(VerifyError::sql("bounding the reader"))?;
    hold(&client).await?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        let mut readings = 1;
        // Ends with the upgrade.
        loop {
            tokio::select! {
                () = stopped.cancelled() => return Ok(readings),
                () = tokio::time::sleep(reading) => {}
            }
            client.batch_execute("COMMIT").await.map_err(VerifyError::sql("ending a reading"))?;
            tokio::time::sleep(REST).await;
            hold(&client).await?;
            readings += 1;
        }
    });
    Ok(Reader { stop, task })
}

async fn hold(client: &Client) -> Result<(), VerifyError> {
    let action = "reading every table";
    let row = client
        .query_one(include_str!("sql/lock_tables.sql"), &[])
        .await
        .map_err(VerifyError::sql(action))?;
    let lock: Option<String> = row.get(0);
    let begin = format!("BEGIN; {}", lock.unwrap_or_default());
    client.batch_execute(&begin).await.map_err(VerifyError::sql(action))
}

impl Reader {
    /// Ends it; how often it has held the tables.
    pub(super) async fn end(self) -> Result<u64, VerifyError> {
        self.stop.cancel();
        self.task.await.map_err(|_| VerifyError::WatchLost)?
    }
}
