//! The queue beside others, on one server, in one run: how fast a backlog of no-op jobs is drained, and
//! whether a million waiting jobs slow down what is offered.
//!
//! Each contestant is a process of its own. Ours and the raw limit are this program started again; the Rust
//! crates are in `xtask/queues`, a workspace of its own that is built here, optimised, on demand;
//! graphile-worker for Node is fetched by npm into a cache. Rounds are interleaved and each starts on a
//! fresh database; medians are printed. What others reach is compared round by round, since a shared machine's
//! speed changes by half within minutes; the median of the rounds counts. `fsync` is on: each finish is durable.
//!
//! What is promised differs, and ours is the strictest: see the words at the head of each contestant.

pub(crate) mod child;
mod drained;
mod offered;
mod ours;
mod raw;

use crate::budget::Budget;
use crate::measured::Measured;
use anyhow::{Context as _, ensure};
use changeover_postgres::{Profile, Server};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many jobs are drained.
    #[arg(long, default_value_t = 200_000)]
    jobs: u32,
    /// How many rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many jobs wait in the second measurement, beside 1,000.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: u32,
    /// Only these contestants.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

impl Args {
    fn takes_part(&self, contestant: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == contestant)
    }
}

const CONTESTANTS: [&str; 5] = ["raw", "ours", "graphile", "graphile-node", "apalis"];
/// The last that runs on Node 20.
const GRAPHILE_WORKER: &str = "graphile-worker@0.17.3";
/// Ours is at least this much of the raw limit.
const OF_RAW: f64 = 0.5;

/// Runs the rounds.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let programs = Programs::build(&args).await?;
    let server =
        tokio::task::spawn_blocking(|| Server::builder().profile(Profile::Measure).start())
            .await??;
    let mut rates: Vec<(&str, Vec<f64>)> = Vec::new();
    for contestant in CONTESTANTS {
        if args.takes_part(contestant) {
            rates.push((contestant, Vec::new()));
        }
    }
    for round in 1..=args.rounds {
        for (contestant, seen) in &mut rates {
            if budget.is_spent() && round > 1 {
                break;
            }
            let drained_ms = programs.drain(&server, contestant, args.jobs).await?;
            let rate = f64::from(args.jobs) / drained_ms * 1000.0;
            println!("round {round}: {contestant:<14} {rate:>9.0} jobs/s ({drained_ms:.0} ms)");
            seen.push(rate);
        }
    }
    println!("on {} cores, load {}", std::thread::available_parallelism()?, load_average());
    let (mut short, mut long) = (Vec::new(), Vec::new());
    if args.takes_part("offered") {
        for round in 1..=args.rounds {
            for (backlog, seen) in [(1_000, &mut short), (args.backlog, &mut long)] {
                if budget.is_spent() && round > 1 {
                    break;
                }
                let told = programs.offered(&server, backlog).await?;
                println!("round {round}: 1,000 jobs/s offered: {}", told.trim());
                seen.push(told);
            }
        }
    }
    // Both are printed, whatever the first one says.
    let drained = verdict(&rates, args.jobs);
    if args.takes_part("offered") {
        offered::verdict(&short, &long)?;
    }
    drained
}

/// Who else is busy here: figures of a busy machine compare within one run only.
fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or_else(
        |_| "not known".to_owned(),
        |line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
    )
}

/// Prints the medians, and fails where ours is not where it should be.
fn verdict(rates: &[(&str, Vec<f64>)], jobs: u32) -> anyhow::Result<()> {
    for (contestant, seen) in rates {
        let seen = Measured::new(seen.clone())?;
        println!(
            "{contestant:<14} median {:>9.0} jobs/s of {} rounds (least {:.0}, most {:.0}; {jobs} no-op jobs)",
            seen.median(),
            seen.count(),
            seen.least(),
            seen.most()
        );
    }
    if let Some((ratio, all)) = ours_to(rates, "raw") {
        println!("ours is {ratio:.2} of the raw limit (by round: {all}); aim: {OF_RAW}");
        ensure!(ratio >= OF_RAW, "ours is less than {OF_RAW} of the raw limit");
    }
    for other in ["graphile", "graphile-node", "apalis"] {
        if let Some((ratio, all)) = ours_to(rates, other) {
            println!("ours is {ratio:.1} times {other} (by round: {all})");
            ensure!(ratio > 1.0, "{other} is faster");
        }
    }
    Ok(())
}

/// What ours reaches of another one's rate: the median of the rounds, and all of them to print.
fn ours_to(rates: &[(&str, Vec<f64>)], other: &str) -> Option<(f64, String)> {
    let of = |name: &str| rates.iter().find(|(contestant, _)| *contestant == name);
    let rounds = of("ours")?.1.iter().zip(&of(other)?.1);
    let ratios: Vec<f64> = rounds.map(|(ours, other)| ours / other).collect();
    let all = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect::<Vec<_>>().join(", ");
    Some((Measured::new(ratios).ok()?.median(), all))
}

struct Programs {
    crates: PathBuf,
    node: PathBuf,
}

impl Programs {
    async fn build(args: &Args) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queues");
        let target = folder.join("../../target/queues");
        if args.takes_part("graphile") || args.takes_part("apalis") {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo)
                .args(["build", "--release", "--locked", "--quiet"])
                .current_dir(&folder)
                .env("CARGO_TARGET_DIR", &target)
                .status()
                .await?;
            ensure!(built.success(), "the contestants in xtask/queues do not build");
        }
        let node = target.join("node");
        if args.takes_part("graphile-node") {
            fetch(&folder, &node).await?;
        }
        Ok(Self { crates: target.join("release/changeover-queues"), node })
    }

    fn command(&self, contestant: &str, action: &str) -> anyhow::Result<Command> {
        let mut command = match contestant {
            "ours" | "raw" => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["bench-queue-child", contestant, action]);
                command
            }
            "graphile-node" => {
                let mut command = Command::new("node");
                command.current_dir(&self.node).args(["graphile-worker.mjs", action]);
                command
            }
            _ => {
                let mut command = Command::new(&self.crates);
                command.args([contestant, action]);
                command
            }
        };
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    async fn call(
        &self,
        contestant: &str,
        action: &str,
        url: &str,
        jobs: u32,
    ) -> anyhow::Result<String> {
        let output =
            self.command(contestant, action)?.args([url, &jobs.to_string()]).output().await?;
        ensure!(
            output.status.success(),
            "{contestant} {action} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A database of its own, filled and at rest.
    async fn filled(&self, server: &Server, contestant: &str, jobs: u32) -> anyhow::Result<String> {
        let url = server.url("postgres", &server.fresh_database("queue").await?);
        self.call(contestant, "fill", &url, jobs).await?;
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("VACUUM ANALYZE").await?;
        client.batch_execute("CHECKPOINT").await?;
        Ok(url)
    }

    async fn drain(&self, server: &Server, contestant: &str, jobs: u32) -> anyhow::Result<f64> {
        let url = self.filled(server, contestant, jobs).await?;
        let told = self.call(contestant, "drain", &url, jobs).await?;
        let drained = told.lines().find_map(|line| line.strip_prefix("drained_ms="));
        drained
            .with_context(|| format!("{contestant} says nothing: {told}"))?
            .parse()
            .map_err(Into::into)
    }

    async fn offered(&self, server: &Server, backlog: u32) -> anyhow::Result<String> {
        let url = self.filled(server, "ours", backlog).await?;
        self.call("ours", "offered", &url, backlog).await
    }
}

/// The Node contestant, fetched once.
async fn fetch(folder: &Path, node: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(node)?;
    std::fs::copy(folder.join("graphile-worker.mjs"), node.join("graphile-worker.mjs"))?;
    if node.join("node_modules/graphile-worker").is_dir() {
        return Ok(());
    }
    let fetched = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
        .arg(node)
        .arg(GRAPHILE_WORKER)
        .status()
        .await
        .context("npm does not start")?;
    ensure!(fetched.success(), "npm does not fetch {GRAPHILE_WORKER}");
    Ok(())
}
