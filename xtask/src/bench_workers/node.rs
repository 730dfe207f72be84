//! A process that owns the worker, here or as a program of its own.

use changeover::{Changeover, Options, planning};
use changeover_work::{
    Background, BackgroundBuilder, BoxFuture, SingletonWorker, Tenure, WorkError,
};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const NAME: &str = "journal";

/// Writes a row a unit of work; its time is taken last, beside the commit.
struct Writer {
    release: String,
}

impl SingletonWorker for Writer {
    fn name(&self) -> &str {
        NAME
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(5)
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let write = format!(
                "INSERT INTO journal VALUES ({}, '{}', clock_timestamp())",
                tenure.epoch(),
                self.release
            );
            let transaction = tenure.begin().await?;
            transaction.client().batch_execute(&write).await?;
            transaction.commit().await?;
            Ok(())
        })
    }
}

/// A running instance with its worker.
pub(super) struct Node {
    upgrade: Changeover,
    background: Background,
}

impl Node {
    pub(super) async fn start(url: &str, generation: i64, lease_ms: u64) -> anyhow::Result<Self> {
        let upgrade = Changeover::start(options(url, generation, lease_ms)).await?;
        upgrade.wait_until_servable().await?;
        let writer = Writer { release: generation.to_string() };
        let background =
            BackgroundBuilder::new(upgrade.instance()).singleton(writer).start().await?;
        upgrade.mark_serving().await?;
        Ok(Self { upgrade, background })
    }

    pub(super) async fn leave(self) -> anyhow::Result<()> {
        self.upgrade.drain().await?;
        self.background.drain(Duration::from_secs(10)).await;
        Ok(self.upgrade.leave().await?)
    }
}

/// Options of an instance that migrates nothing.
pub(super) fn options(url: &str, generation: i64, lease_ms: u64) -> Options {
    let file = ("0001_one.sql".to_owned(), "CREATE TABLE one (id bigint PRIMARY KEY);".to_owned());
    let migrations = planning::source::read(&[file]).unwrap_or_default();
    let mut options = Options::new("bench", generation.to_string(), migrations);
    options.generation = Some(generation);
    options.service_url = Some(url.to_owned());
    // Only the first makes the ledger.
    options.owner_url = (generation == 0).then(|| url.to_owned());
    options.timing.lease = Duration::from_millis(lease_ms);
    options
}

/// This program again, as a newer release that owns the worker.
pub(super) fn spawn(url: &str, lease_ms: u64) -> anyhow::Result<Child> {
    Ok(Command::new(std::env::current_exe()?)
        .args(["bench-workers", "--lease-ms", &lease_ms.to_string(), "--as-node", url])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?)
}

/// Ends by being killed.
pub(super) async fn own_until_killed(url: &str, lease_ms: u64) -> anyhow::Result<()> {
    let _node = Node::start(url, 2, lease_ms).await?;
    std::future::pending::<()>().await;
    Ok(())
}
