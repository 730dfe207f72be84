//! Measures how long the upgrade's working backends wait for locks.

use super::{DeadlineReport, Wait};
use crate::error::VerifyError;
use crate::trial::connect;
use changeover_plan::LockMode;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Row, Statement};
use tokio_util::sync::CancellationToken;

/// The pause between two looks: far below the shortest window (10 ms), so that none is missed.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// Which wait it is: backend, relation, mode.
type Key = (i32, u32, LockMode);

/// A wait that goes on.
struct Open {
    first_seen: Instant,
    wait: Wait,
}

/// A watcher at work.
pub(super) struct Watcher {
    stop: CancellationToken,
    task: JoinHandle<Result<DeadlineReport, VerifyError>>,
}

/// Starts to look.
pub(super) async fn start(url: &str, cap: Duration) -> Result<Watcher, VerifyError> {
    let client = connect(url, "verify-waits", "reading waits").await?;
    let row = client
        .query_one("SELECT current_setting('server_version_num')::integer", &[])
        .await
        .map_err(VerifyError::sql("reading the version"))?;
    let sql = if row.get::<_, i32>(0) >= 140_000 {
        include_str!("sql/waits.sql")
    } else {
        include_str!("sql/waits_13.sql")
    };
    let statement =
        client.prepare(sql).await.map_err(VerifyError::sql("preparing the look at waits"))?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(look_on(client, statement, cap, stop.clone()));
    Ok(Watcher { stop, task })
}

impl Watcher {
    /// Ends it and gives back what was seen.
    pub(super) async fn end(self) -> Result<DeadlineReport, VerifyError> {
        self.stop.cancel();
        self.task.await.map_err(|_| VerifyError::WatchLost)?
    }
}

async fn look_on(
    client: Client,
    statement: Statement,
    cap: Duration,
    stop: CancellationToken,
) -> Result<DeadlineReport, VerifyError> {
    let mut report =
        DeadlineReport { cap_ms: cap.as_secs_f64() * 1e3, ..DeadlineReport::default() };
    let mut open: BTreeMap<Key, Open> = BTreeMap::new();
    // Ends with the upgrade.
    while !stop.is_cancelled() {
        let rows =
            client.query(&statement, &[]).await.map_err(VerifyError::sql("reading the waits"))?;
        report.looks += 1;
        let now = Instant::now();
        let mut still = BTreeMap::new();
        for row in &rows {
            let Some((key, seen)) = read(row) else {
                continue;
            };
            let Some(wait) = seen else { continue };
            // A shorter wait than before, measured by the server, is another one.
            let earlier = open.remove(&key);
            let earlier = match (earlier, row.get::<_, Option<f64>>(4)) {
                (Some(earlier), Some(ms)) if ms < earlier.wait.waited_ms => {
                    close(&mut report, earlier.wait);
                    None
                }
                (earlier, _) => earlier,
            };
            let first_seen = earlier.map_or(now, |earlier| earlier.first_seen);
            let seen_ms = (now - first_seen).as_secs_f64() * 1e3;
            let waited_ms = row.get::<_, Option<f64>>(4).unwrap_or(seen_ms);
            let wait = Wait { waited_ms, ..wait };
            still.insert(key, Open { first_seen, wait });
        }
        for (_, ended) in std::mem::replace(&mut open, still) {
            close(&mut report, ended.wait);
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    for (_, ended) in open {
        close(&mut report, ended.wait);
    }
    Ok(report)
}

/// A wait that matters: for a mode that stops a service.
fn read(row: &Row) -> Option<(Key, Option<Wait>)> {
    let mode = LockMode::from_pg_locks_name(row.get(3))?;
    let key = (row.get(0), row.get(1), mode);
    let wait = mode.blocks_service().then(|| Wait { relation: row.get(2), mode, waited_ms: 0.0 });
    Some((key, wait))
}

/// Counts a wait that has ended.
fn close(report: &mut DeadlineReport, wait: Wait) {
    report.waits += 1;
    if wait.waited_ms > report.cap_ms {
        report.findings.push(wait.clone());
    }
    if report.longest.as_ref().is_none_or(|longest| wait.waited_ms > longest.waited_ms) {
        report.longest = Some(wait);
    }
}
