//! A steady load of short transactions for measurements, open loop: latency counts from the moment
//! at which a transaction was due, so that a stall is not hidden by clients that wait politely.

use anyhow::Context;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_postgres::{Client, NoTls};

/// Connections that share the load of single statements.
const CONNECTIONS: usize = 16;
/// Transactions that may wait for a connection; more are dropped and counted as failures.
const QUEUE_MAX: usize = 20_000;

/// What each client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One statement a transaction.
    Single,
    /// An update, some work elsewhere, the commit: so many connections hold the table's lock for so long.
    Holding { connections: usize, hold: Duration },
}

impl Shape {
    fn connections(self) -> usize {
        match self {
            Self::Single => CONNECTIONS,
            Self::Holding { connections, .. } => connections,
        }
    }
}

/// A running load.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicU64>,
    workers: Vec<tokio::task::JoinHandle<Histogram<u64>>>,
    clock: tokio::task::JoinHandle<()>,
}

/// What clients felt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Felt {
    /// Transactions.
    pub(crate) count: u64,
    /// Errors, and transactions that never got a connection.
    pub(crate) failed: u64,
    /// Milliseconds.
    pub(crate) p50_ms: f64,
    /// Milliseconds.
    pub(crate) p99_ms: f64,
    /// Milliseconds: the longest stall.
    pub(crate) max_ms: f64,
}

impl Load {
    /// Begins: `rate` transactions a second, each an update, an insert and a read of table `t`.
    pub(crate) async fn start(
        url: &str,
        rate: u32,
        rows: i64,
        shape: Shape,
    ) -> anyhow::Result<Self> {
        let (stop, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut senders = Vec::new();
        let mut workers = Vec::new();
        for _ in 0..shape.connections() {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let (sender, receiver) = mpsc::channel(QUEUE_MAX / CONNECTIONS);
            let failed = Arc::clone(&failed);
            senders.push(sender);
            let felt = Histogram::new(3)?;
            workers.push(tokio::spawn(work(client, receiver, failed, (rows, shape), felt)));
        }
        let clock = tokio::spawn(tick(senders, rate, Arc::clone(&stop), Arc::clone(&failed)));
        Ok(Self { stop, failed, workers, clock })
    }

    /// Ends, after everything due has run.
    pub(crate) async fn stop(self) -> anyhow::Result<Felt> {
        self.stop.store(true, Ordering::Relaxed);
        self.clock.await?;
        let mut all = Histogram::<u64>::new(3)?;
        for worker in self.workers {
            all.add(worker.await?).context("adding histograms")?;
        }
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let ms = |us: u64| us as f64 / 1000.0;
        Ok(Felt {
            count: all.len(),
            failed: self.failed.load(Ordering::Relaxed),
            p50_ms: ms(all.value_at_quantile(0.5)),
            p99_ms: ms(all.value_at_quantile(0.99)),
            max_ms: ms(all.max()),
        })
    }
}

/// Hands out due times, one to each connection in turn.
async fn tick(
    senders: Vec<mpsc::Sender<(Instant, u64)>>,
    rate: u32,
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicU64>,
) {
    let began = Instant::now();
    let mut number: u64 = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = began
            + Duration::from_secs_f64(1.0 / f64::from(rate)).mul_f64(
                #[expect(clippy::cast_precision_loss, reason = "runs are short")]
                {
                    number as f64
                },
            );
        tokio::time::sleep_until(due.into()).await;
        let at = usize::try_from(number).unwrap_or(0) % senders.len();
        if senders[at].try_send((due, number)).is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        number += 1;
    }
}

async fn work(
    client: Client,
    mut due: mpsc::Receiver<(Instant, u64)>,
    failed: Arc<AtomicU64>,
    (rows, shape): (i64, Shape),
    mut felt: Histogram<u64>,
) -> Histogram<u64> {
    while let Some((at, number)) = due.recv().await {
        let number = i64::try_from(number).unwrap_or(0);
        let key = 1 + number * 7919 % rows;
        let outcome = match (shape, number % 3) {
            (Shape::Holding { hold, .. }, _) => held(&client, key, hold).await,
            (Shape::Single, 0) => {
                client.execute("UPDATE t SET v = v + 1 WHERE id = $1", &[&key]).await
            }
            (Shape::Single, 1) => client.execute("INSERT INTO t (v) VALUES ($1)", &[&number]).await,
            (Shape::Single, _) => client.execute("SELECT v FROM t WHERE id = $1", &[&key]).await,
        };
        let us = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
        // An auto-resizing histogram takes any value; `saturating_record` would hide a long stall.
        if outcome.is_err() || felt.record(us.max(1)).is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    felt
}

/// A transaction that holds its lock on the table while the client does something else.
async fn held(client: &Client, key: i64, hold: Duration) -> Result<u64, tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    let updated = client.execute("UPDATE t SET v = v + 1 WHERE id = $1", &[&key]).await;
    if updated.is_ok() {
        tokio::time::sleep(hold).await;
    }
    client.batch_execute(if updated.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    updated
}
