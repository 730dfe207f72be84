//! One measurement: a fresh database, an upgrade that adds and fills a column, with or without clients.

use super::Args;
use super::log::{self, Felt};
use super::pgbench::PgBench;
use crate::connect::connect;
use crate::migration_files::migrations;
use anyhow::{Context, ensure};
use changeover::Options;
use changeover_postgres::Server;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BASE: &str = "CREATE TABLE history_of_this_bench (id bigint PRIMARY KEY);";
const FILL: &str = "ALTER TABLE pgbench_accounts ADD COLUMN note text;\n\
                    UPDATE pgbench_accounts SET note = 'account ' || aid;";
const UPDATE: &str = "UPDATE pgbench_accounts SET note = 'account ' || aid";
/// What the default was before there was a controller.
const FIXED_REST: f64 = 0.5;

/// How fast to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// No upgrade: what clients feel by themselves in that time.
    Nothing,
    /// 50 ms batches, a rest of half as long.
    Fixed,
    Controller,
}

/// What was measured beside clients.
pub(super) struct Scene {
    pub(super) arm: Arm,
    pub(super) before: Felt,
    pub(super) during: Felt,
    pub(super) after: Felt,
    pub(super) took_s: f64,
    pub(super) rows_a_second: f64,
}

impl Scene {
    pub(super) const HEADER: &'static str =
        "load  pace        when      tx      p50     p99   p99.9     max   rows/s  took s";

    /// For people.
    pub(super) fn lines(&self, load: &str) -> String {
        let name = match self.arm {
            Arm::Nothing => "no upgrade",
            Arm::Fixed => "fixed rest",
            Arm::Controller => "controller",
        };
        let line = |when: &str, felt: &Felt| {
            format!(
                "{load:<5} {name:<11} {when:<7} {:>6} {:>7.1} {:>7.1} {:>7.1} {:>7.1}",
                felt.count, felt.p50_ms, felt.p99_ms, felt.p999_ms, felt.max_ms
            )
        };
        format!(
            "{}\n{} {:>8.0} {:>7.1}\n{}",
            line("before", &self.before),
            line("during", &self.during),
            self.rows_a_second,
            self.took_s,
            line("after", &self.after)
        )
    }
}

/// What was measured without.
pub(super) struct Alone {
    pub(super) fill_s: f64,
    pub(super) check_s: f64,
}

/// One `UPDATE` of all rows, in seconds.
pub(super) async fn single_update(
    pgbench: &PgBench,
    server: &Server,
    scale: u32,
) -> anyhow::Result<f64> {
    let database = server.fresh_database("single").await?;
    let url = server.url("postgres", &database);
    pgbench.prepare(&url, scale).await?;
    let client = connect(&url).await?;
    client.batch_execute("ALTER TABLE pgbench_accounts ADD COLUMN note text").await?;
    client.batch_execute("CHECKPOINT").await?;
    let began = Instant::now();
    client.batch_execute(UPDATE).await?;
    let took_s = began.elapsed().as_secs_f64();
    drop(client);
    server.drop_database(&database).await?;
    Ok(took_s)
}

/// The upgrade with nobody else at work.
pub(super) async fn alone(
    pgbench: &PgBench,
    server: &Server,
    scale: u32,
    arm: Arm,
) -> anyhow::Result<Alone> {
    let database = server.fresh_database("alone").await?;
    let url = server.url("postgres", &database);
    pgbench.prepare(&url, scale).await?;
    connect(&url).await?.batch_execute("CHECKPOINT").await?;
    upgrade(&url, arm).await?;
    let alone =
        Alone { fill_s: step_s(&url, "backfill").await?, check_s: step_s(&url, "check").await? };
    server.drop_database(&database).await?;
    Ok(alone)
}

/// The upgrade beside clients.
pub(super) async fn company(
    pgbench: &PgBench,
    server: &Server,
    args: &Args,
    arm: Arm,
    rate: f64,
) -> anyhow::Result<Scene> {
    let database = server.fresh_database("company").await?;
    let url = server.url("postgres", &database);
    pgbench.prepare(&url, args.scale).await?;
    connect(&url).await?.batch_execute("CHECKPOINT").await?;
    let folder = tempfile::tempdir()?;
    let mut load = pgbench.load(&url, rate, folder.path())?;
    // The first seconds fill caches.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let began = now_s()?;
    tokio::time::sleep(Duration::from_secs(args.around_s)).await;
    let upgrade_began = now_s()?;
    match arm {
        Arm::Nothing => tokio::time::sleep(Duration::from_secs(args.around_s * 2)).await,
        _ => upgrade(&url, arm).await?,
    }
    let upgrade_ended = now_s()?;
    tokio::time::sleep(Duration::from_secs(args.around_s)).await;
    let ended = now_s()?;
    // Its log is written in blocks.
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.kill().await?;
    let fill_s = match arm {
        Arm::Nothing => f64::INFINITY,
        _ => step_s(&url, "backfill").await?,
    };
    let all = log::read(folder.path())?;
    server.drop_database(&database).await?;
    Ok(Scene {
        arm,
        before: log::felt(&all, began, upgrade_began).context("before the upgrade")?,
        during: log::felt(&all, upgrade_began, upgrade_ended).context("during the upgrade")?,
        after: log::felt(&all, upgrade_ended, ended).context("after the upgrade")?,
        took_s: upgrade_ended - upgrade_began,
        rows_a_second: f64::from(args.scale) * 100_000.0 / fill_s,
    })
}

/// Adopts the database and adds and fills the column.
async fn upgrade(url: &str, arm: Arm) -> anyhow::Result<()> {
    let base = ("0001_base.sql", BASE);
    let mut options = Options::new("bench", "2", migrations(&[base])?);
    options.owner_url = Some(url.to_owned());
    changeover::operate::adopt(&options, 1).await?;
    options.migrations = migrations(&[base, ("0002_fill.sql", FILL)])?;
    if arm == Arm::Fixed {
        options.pace.rest_ratio = Some(FIXED_REST);
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let outlook = changeover::operate::migrate(options, stop).await?;
    ensure!(outlook.failed.is_empty(), "steps failed: {outlook:?}");
    Ok(())
}

/// How long a step took, by the end of its id.
async fn step_s(url: &str, part: &str) -> anyhow::Result<f64> {
    let client = connect(url).await?;
    let sql = "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM changeover.step \
                WHERE id LIKE '%.' || $1";
    Ok(client.query_one(sql, &[&part]).await.with_context(|| format!("step {part}"))?.get(0))
}

fn now_s() -> anyhow::Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64())
}
