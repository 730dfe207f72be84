//! Looks at `pg_locks` every few milliseconds: which lock requests of the engine (or of a plain
//! `ALTER TABLE`) wait, in modes that make reads or writes queue behind them, and for how long.

use crate::connect::connect;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(4);

const WAITING: &str = "SELECT l.pid, l.relation::bigint, l.mode FROM pg_locks l \
      JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE NOT l.granted AND l.locktype = 'relation' AND a.usename = 'bench_owner' \
       AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')";

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Requests that waited when looked at.
    pub(crate) waits: u64,
    /// The longest of them, milliseconds.
    pub(crate) longest_wait_ms: f64,
}

/// Looks in the background.
pub(crate) struct Watcher {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<anyhow::Result<Seen>>,
}

impl Watcher {
    /// Begins.
    pub(crate) async fn start(url: &str) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(watch(client, Arc::clone(&stop)));
        Ok(Self { stop, task })
    }

    /// Ends, and says what was seen.
    pub(crate) async fn stop(self) -> anyhow::Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

type Request = (i32, Option<i64>, String);

async fn watch(client: Client, stop: Arc<AtomicBool>) -> anyhow::Result<Seen> {
    let statement = client.prepare(WAITING).await?;
    let mut open: HashMap<Request, Instant> = HashMap::new();
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let rows = client.query(&statement, &[]).await?;
        let waiting: Vec<Request> =
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        open.retain(|request, _| waiting.contains(request));
        for request in waiting {
            let since = *open.entry(request).or_insert_with(|| {
                seen.waits += 1;
                now
            });
            let ms = now.duration_since(since).as_secs_f64() * 1000.0;
            seen.longest_wait_ms = seen.longest_wait_ms.max(ms);
        }
        tokio::time::sleep(EVERY).await;
    }
    Ok(seen)
}
