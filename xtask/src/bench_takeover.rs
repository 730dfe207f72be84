//! How long the database is without a migrator: after one was killed, and after one was told to stop.
//!
//! A chain of processes `changeover migrate`: one works at a backfill, one waits; the first is ended,
//! the second takes over and a new one waits. Measured from the signal until the successor has the
//! term, with its predecessor's backends ended and its own registered.

use crate::budget::Budget;
use crate::central_process;
use crate::connect::connect;
use crate::measured::Measured;
use anyhow::{Context, bail, ensure};
use changeover_postgres::Server;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio_postgres::Client;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many takeovers of each kind.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// For how long a term is granted.
    #[arg(long, default_value_t = 5_000)]
    lease_ms: u64,
}

/// What is aimed at, beside the lease: connecting, ending backends, polling.
const KILLED_BEYOND_LEASE_MS: f64 = 1_000.0;
/// What is aimed at after a graceful stop.
const STOPPED_MS: f64 = 200.0;
/// For how long a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(60);

const BASE: &str = "CREATE TABLE t (id bigint PRIMARY KEY, v integer NOT NULL);
INSERT INTO t SELECT g, g FROM generate_series(1, 200000) g;\n";
const NEXT: &str = "ALTER TABLE t ADD COLUMN w integer; UPDATE t SET w = v + 1;\n";

/// How a migrator is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Killed,
    Stopped,
}

/// Runs the chain.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let program = central_process::build().await?;
    let server = tokio::task::spawn_blocking(|| Server::builder().start()).await??;
    let database = server.fresh_database("takeover").await?;
    let stage = Stage::new(program, server.url("postgres", &database), args.lease_ms).await?;
    let mut holder = stage.migrator(0)?;
    stage.works(&mut holder, None).await?;
    let (mut killed, mut stopped) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds * 2 {
        if budget.is_spent() {
            break;
        }
        let end = if round % 2 == 0 { End::Killed } else { End::Stopped };
        let mut successor = stage.migrator(round)?;
        stage.waits(&mut successor).await?;
        let took_ms = stage.take_over(holder, &mut successor, end).await?;
        if end == End::Killed { &mut killed } else { &mut stopped }.push(took_ms);
        stage.works(&mut successor, None).await?;
        holder = successor;
    }
    holder.child.kill().await?;
    let limit_ms = u32::try_from(args.lease_ms).map(f64::from)? + KILLED_BEYOND_LEASE_MS;
    let by_kill = told("after SIGKILL", killed, limit_ms)?;
    let by_stop = told("after a graceful stop", stopped, STOPPED_MS)?;
    ensure!(by_kill && by_stop, "a takeover took longer than it should");
    Ok(())
}

/// Prints the figures of one kind, and says whether the median is as aimed.
fn told(what: &str, took_ms: Vec<f64>, limit_ms: f64) -> anyhow::Result<bool> {
    let took_ms = Measured::new(took_ms)?;
    let median = took_ms.median();
    let verdict = if median <= limit_ms { "as aimed" } else { "MISSED" };
    println!(
        "takeover {what}: median {median:.0} ms of {} (least {:.0}, most {:.0}); aim: {limit_ms:.0} ms: \
         {verdict}",
        took_ms.count(),
        took_ms.least(),
        took_ms.most()
    );
    Ok(median <= limit_ms)
}

struct Stage {
    program: PathBuf,
    url: String,
    lease_ms: u64,
    folder: TempDir,
    ledger: Client,
}

/// One process, and the file in which it says where it is.
struct Migrator {
    child: Child,
    trace: PathBuf,
}

impl Stage {
    async fn new(program: PathBuf, url: String, lease_ms: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let ledger = connect(&url).await?;
        let stage = Self { program, url, lease_ms, folder, ledger };
        std::fs::create_dir(stage.folder.path().join("migrations"))?;
        stage.file("0001_base.sql", BASE)?;
        let mut first = stage.migrator(0)?;
        ensure!(first.child.wait().await?.success(), "the first migration failed");
        stage.file("0002_next.sql", NEXT)?;
        std::fs::remove_file(&first.trace)?;
        Ok(stage)
    }

    fn file(&self, name: &str, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.folder.path().join("migrations").join(name), text)?)
    }

    /// Batches so small, and rests so long, that the backfill outlasts all rounds.
    fn migrator(&self, number: u32) -> anyhow::Result<Migrator> {
        let trace = self.folder.path().join(format!("trace-{number}"));
        let child = Command::new(&self.program)
            .current_dir(self.folder.path())
            .args(["migrate", "--app", "takeover", "--batch-rows", "16", "--rest", "10"])
            .args(["--lease-ms", &self.lease_ms.to_string(), "--pause-trace"])
            .arg(&trace)
            .env("CHANGEOVER_OWNER_URL", &self.url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Migrator { child, trace })
    }

    /// Waits until it is in the middle of the backfill; `since` is when the wait began to count.
    async fn works(&self, migrator: &mut Migrator, since: Option<Instant>) -> anyhow::Result<f64> {
        let point = if since.is_some() { "term-acquired" } else { "after-batch" };
        let deadline = Instant::now() + STATE_WAIT;
        while !has(&migrator.trace, point) {
            if let Some(status) = migrator.child.try_wait()? {
                bail!("it has ended ({status}) before {point}");
            }
            ensure!(Instant::now() < deadline, "it does not get to {point}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(since.map_or(0.0, |since| since.elapsed().as_secs_f64() * 1000.0))
    }

    /// Waits until somebody waits for the term.
    async fn waits(&self, migrator: &mut Migrator) -> anyhow::Result<()> {
        let sql = "SELECT count(*) FROM changeover.term_waiter \
                    WHERE seen_at > clock_timestamp() - interval '1 second'";
        let deadline = Instant::now() + STATE_WAIT;
        while self.ledger.query_one(sql, &[]).await?.get::<_, i64>(0) == 0 {
            if let Some(status) = migrator.child.try_wait()? {
                bail!("it has ended ({status}) instead of waiting");
            }
            ensure!(Instant::now() < deadline, "nobody waits for the term");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    async fn take_over(
        &self,
        mut holder: Migrator,
        successor: &mut Migrator,
        end: End,
    ) -> anyhow::Result<f64> {
        let pid = holder.child.id().context("it has ended by itself")?;
        let signal = if end == End::Killed { "KILL" } else { "TERM" };
        let since = Instant::now();
        let status = Command::new("kill").args(["-s", signal, &pid.to_string()]).status().await?;
        ensure!(status.success(), "the signal was not sent");
        let took_ms = self.works(successor, Some(since)).await?;
        holder.child.wait().await?;
        Ok(took_ms)
    }
}

fn has(trace: &Path, point: &str) -> bool {
    std::fs::read_to_string(trace).is_ok_and(|text| text.contains(&format!("\"{point}\"")))
}
