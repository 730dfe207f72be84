//! The demo's load at shares of its capacity, in company and alone: what an upgrade adds to a mere restart.
//!
//! Each cell is a run of `changeover demo --rolling-only`, which has its controls in the same run: the load without
//! an upgrade ("before"), and the same pods restarted without a migration. Next to it the same with the fixed rest
//! of earlier releases. Stretches in which PostgreSQL builds or validates, which nothing slows down, are told apart.

use super::Args;
use crate::central_process;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::Path;
use tokio::process::Command;

/// The demo's exit code where 4.8 alone does not bear the load.
const NOT_HEALTHY: i32 = 15;
/// Shares of the capacity, in percent.
const LOADS: [u32; 5] = [15, 33, 50, 70, 85];
/// The rest of earlier releases, as a share of a batch's time.
const FIXED_REST: &str = "0.5";
/// p99 during, as a multiple of the restart's, and so many ms: at most loads, and where little is left.
const P99: (f64, f64) = (1.3, 2.0);
const P99_TIGHT: f64 = 2.0;
/// From this share of the capacity on little is left.
const TIGHT_FROM: u32 = 85;

/// Latency of requests, in ms.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Latency {
    requests: u64,
    p50_ms: f64,
    p99_ms: f64,
    p99_9_ms: f64,
    max_ms: f64,
}

/// What the demo prints of a rolling run.
#[derive(Debug, Deserialize)]
struct Rolling {
    rate_per_second: f64,
    failed: u64,
    turned_away: u64,
    waited: u64,
    p50_ms_before: f64,
    p99_ms_before: f64,
    p99_9_ms_before: f64,
    max_ms_before: f64,
    p50_ms_restart: f64,
    p99_ms_restart: f64,
    p99_9_ms_restart: f64,
    max_ms_restart: f64,
    paced: Latency,
    builds: Latency,
    backfill_rows_per_second: f64,
    steps_ms: f64,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    rolling: Rolling,
    faults: Vec<String>,
}

/// Runs all cells; what doesn't hold.
pub(super) async fn run(args: &Args) -> anyhow::Result<Vec<String>> {
    let program = central_process::build().await?;
    let loads = if args.loads.is_empty() { LOADS.to_vec() } else { args.loads.clone() };
    let capacity = match args.capacity {
        Some(capacity) => capacity,
        None => capacity(&program, args).await?,
    };
    println!(
        "{} rows, capacity {capacity:.0} requests/s; latencies in ms: p50 p99 p99.9 max",
        args.rows
    );
    let mut broken = Vec::new();
    for company in &args.companies {
        for load in &loads {
            let rate = capacity * f64::from(*load) / 100.0;
            for rest in [None, Some(FIXED_REST)] {
                let cell = format!(
                    "{load} % {company} {}",
                    if rest.is_none() { "controller" } else { "fixed rest" }
                );
                let Some(found) = demo(&program, args, company, rate, rest).await? else {
                    println!("{cell}: 4.8 alone does not bear it; nothing was upgraded");
                    continue;
                };
                println!("{}", lines(&cell, &found));
                if rest.is_none() {
                    broken.extend(judge(&cell, *load, company, &found));
                }
            }
        }
    }
    Ok(broken)
}

/// Requests a second that 4.8 can do: what the demo measures before its first run.
async fn capacity(program: &Path, args: &Args) -> anyhow::Result<f64> {
    let found = run_demo(program, args, &["--load-share", "0.5"]).await?;
    let found =
        found.context("4.8 alone does not bear half of its capacity: something else runs here")?;
    Ok(found.rolling.rate_per_second * 2.0)
}

async fn demo(
    program: &Path,
    args: &Args,
    company: &str,
    rate: f64,
    rest: Option<&str>,
) -> anyhow::Result<Option<Comparison>> {
    let rate = format!("{rate:.0}");
    let mut arguments = vec!["--rate", &rate, "--company", company];
    arguments.extend(rest.iter().flat_map(|rest| ["--rest-ratio", rest]));
    run_demo(program, args, &arguments).await
}

/// `None` where 4.8 alone does not bear the load.
async fn run_demo(
    program: &Path,
    args: &Args,
    arguments: &[&str],
) -> anyhow::Result<Option<Comparison>> {
    let folder = tempfile::tempdir()?;
    let ran = Command::new(program)
        .args(["demo", "--rolling-only", "--json", "--rows", &args.rows.to_string(), "--report"])
        .arg(folder.path().join("report.html"))
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await
        .context("running the demo")?;
    if ran.status.code() == Some(NOT_HEALTHY) {
        return Ok(None);
    }
    let told = || String::from_utf8_lossy(&ran.stderr).into_owned();
    ensure!(!ran.stdout.is_empty(), "the demo ended with {}: {}", ran.status, told());
    serde_json::from_slice(&ran.stdout).map(Some).context("reading the demo's figures")
}

fn lines(cell: &str, found: &Comparison) -> String {
    let run = &found.rolling;
    let four = |a: f64, b: f64, c: f64, d: f64| format!("{a:7.1} {b:7.1} {c:7.1} {d:7.1}");
    let of =
        |latency: &Latency| four(latency.p50_ms, latency.p99_ms, latency.p99_9_ms, latency.max_ms);
    format!(
        "{cell}\n  before  {}\n  restart {}\n  during  {}\n  builds  {} ({} requests)\n  {} failed, of these {} \
         turned away; {} waited > 100 ms; {:.0} rows/s; steps took {:.1} s",
        four(run.p50_ms_before, run.p99_ms_before, run.p99_9_ms_before, run.max_ms_before),
        four(run.p50_ms_restart, run.p99_ms_restart, run.p99_9_ms_restart, run.max_ms_restart),
        of(&run.paced),
        of(&run.builds),
        run.builds.requests,
        run.failed,
        run.turned_away,
        run.waited,
        run.backfill_rows_per_second,
        run.steps_ms / 1_000.0,
    )
}

fn judge(cell: &str, load: u32, company: &str, found: &Comparison) -> Vec<String> {
    let run = &found.rolling;
    let mut broken: Vec<String> =
        found.faults.iter().map(|fault| format!("{cell}: {fault}")).collect();
    let is_tight = load >= TIGHT_FROM || company == "competitor";
    let most =
        if is_tight { run.p99_ms_restart * P99_TIGHT } else { run.p99_ms_restart * P99.0 + P99.1 };
    let is = run.paced.p99_ms;
    println!("  p99 {is:.1}, at most {most:.1}: {}", if is <= most { "holds" } else { "BROKEN" });
    if is > most {
        broken.push(format!("{cell}: p99 {is:.1} ms is above {most:.1}"));
    }
    broken
}
