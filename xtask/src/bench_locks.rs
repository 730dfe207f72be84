//! How long clients stall while an upgrade takes its locks, beside what a plain `ALTER TABLE` causes
//! in the same run: a reader of three seconds, an autovacuum and a steady load are in the way of both.
//!
//! Then the same load in transactions that keep their connections busy for 50 and 90 % of the time.
//!
//! Holds where p99 with the upgrade is at most three times that without DDL, no lock request of the upgrade that blocks reads or writes waited longer than its
//! deadline (as `pg_locks` shows it), and the clients' longest stall is at most a tenth of the plain
//! one's, or no longer than without any DDL in the same round.

mod busy;
mod watcher;

use crate::connect::connect;
use crate::load::{Felt, Load, Shape};
use crate::migration_files::migrations;
use anyhow::{Context, ensure};
use changeover::{LockLimits, Options};
use changeover_postgres::{Profile, Server};
use std::time::{Duration, Instant};
use watcher::{Seen, Watcher};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Transactions a second.
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// Rows in the table.
    #[arg(long, default_value_t = 100_000)]
    rows: i64,
    /// For how long the reader holds its snapshot and lock, in seconds.
    #[arg(long, default_value_t = 3.0)]
    reader_s: f64,
}

/// What scheduling of a busy machine may add to a wait between two looks.
const WATCH_MARGIN_MS: f64 = 150.0;
/// How often it is measured at most.
const ROUNDS_MAX: u32 = 3;
/// The share of the plain stall that ours may reach.
const STALL_SHARE_MAX: f64 = 0.1;
/// How far the upgrade may raise the clients' p99 above that without DDL.
const P99_FACTOR_MAX: f64 = 3.0;

const BASE: &str = "CREATE TABLE t (id bigserial PRIMARY KEY, v bigint, gone integer);";
const NEXT: &str = "ALTER TABLE t ADD COLUMN w bigint;
UPDATE t SET w = v * 2;
CREATE INDEX t_w ON t (w);
-- changeover: old-complies because \"v is never negative\"
ALTER TABLE t ADD CONSTRAINT t_v_not_negative CHECK (v >= 0);
-- changeover: unused-since=1
ALTER TABLE t DROP COLUMN gone;";

/// Runs control and upgrade, prints both.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let server = tokio::task::spawn_blocking(|| {
        Server::builder()
            .profile(Profile::Test)
            .setting("autovacuum_naptime", "1s")
            .setting("log_autovacuum_min_duration", "0")
            .start()
    })
    .await??;
    let admin = connect(&server.url("postgres", "postgres")).await?;
    admin.batch_execute("CREATE ROLE bench_owner LOGIN; CREATE ROLE bench_service LOGIN;").await?;
    // A machine that stalls by itself hides what is measured: then it is measured again.
    for round in 1..=ROUNDS_MAX {
        let load = (args.rate, Shape::Single);
        let quiet = scene(&args, load, &server, Act::Nothing).await.context("without DDL")?;
        let plain = scene(&args, load, &server, Act::Plain).await.context("plain ALTER TABLE")?;
        let ours = scene(&args, load, &server, Act::Upgrade).await.context("the upgrade")?;
        show(&args, server.version(), &[&quiet, &plain, &ours]);
        match holds(&args, &quiet, &plain, &ours) {
            Ok(()) => break,
            Err(error) if round == ROUNDS_MAX => return Err(error),
            Err(error) => println!("again, since {error}"),
        }
    }
    busy::measure(&args, &server).await
}

/// Prints what was felt and seen.
fn show(args: &Args, version: &str, scenes: &[&Scene; 3]) {
    println!(
        "PostgreSQL {version}, {} tx/s, a reader of {} s, an autovacuum",
        args.rate, args.reader_s
    );
    println!(
        "{:<18} {:>7} {:>6} {:>8} {:>8} {:>9} {:>13} {:>7}",
        "", "tx", "failed", "p50 ms", "p99 ms", "stall ms", "lock wait ms", "took s"
    );
    for (name, scene) in ["no DDL", "plain ALTER TABLE", "upgrade"].into_iter().zip(scenes) {
        println!(
            "{name:<18} {:>7} {:>6} {:>8.1} {:>8.1} {:>9.1} {:>13.1} {:>7.1}",
            scene.felt.count,
            scene.felt.failed,
            scene.felt.p50_ms,
            scene.felt.p99_ms,
            scene.felt.max_ms,
            scene.seen.longest_wait_ms,
            scene.took_s
        );
    }
    let [quiet, plain, ours] = scenes;
    println!(
        "p99 with the upgrade: {:.2} times that without DDL",
        ours.felt.p99_ms / quiet.felt.p99_ms
    );
    println!(
        "upgrade: {} lock requests seen waiting, the longest that blocks reads or writes {:.1} ms; \
         longest stall {:.1} % of the plain one's",
        ours.seen.waits,
        ours.seen.longest_wait_ms,
        100.0 * ours.felt.max_ms / plain.felt.max_ms
    );
}

/// What must hold in one round.
fn holds(args: &Args, quiet: &Scene, plain: &Scene, ours: &Scene) -> anyhow::Result<()> {
    let cap_ms = LockLimits::default().window_cap.as_secs_f64() * 1000.0;
    ensure!(ours.felt.failed == 0, "{} transactions failed", ours.felt.failed);
    ensure!(
        plain.felt.max_ms > args.reader_s * 500.0,
        "the control shows no stall: the reader was not in the way"
    );
    ensure!(
        ours.seen.longest_wait_ms <= cap_ms + WATCH_MARGIN_MS,
        "a lock request waited {:.1} ms, its deadline is {cap_ms:.0} ms",
        ours.seen.longest_wait_ms
    );
    ensure!(
        ours.felt.p99_ms <= quiet.felt.p99_ms * P99_FACTOR_MAX,
        "p99 with the upgrade is more than {P99_FACTOR_MAX} times that without DDL"
    );
    // A machine that stalls its clients by itself for longer than that cannot tell.
    ensure!(
        ours.felt.max_ms <= (plain.felt.max_ms * STALL_SHARE_MAX).max(quiet.felt.max_ms),
        "the longest stall is more than a tenth of the plain one's, and more than without any DDL"
    );
    Ok(())
}

/// What is done to the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    Plain,
    Upgrade,
}

struct Scene {
    felt: Felt,
    seen: Seen,
    took_s: f64,
}

async fn scene(
    args: &Args,
    (rate, shape): (u32, Shape),
    server: &Server,
    act: Act,
) -> anyhow::Result<Scene> {
    let database = server.fresh_database("locks").await?;
    let owner_url = server.url("bench_owner", &database);
    let service_url = server.url("bench_service", &database);
    prepare(args, server, &database).await?;
    let mut options = Options::new("bench", "1", migrations(&[("0001_base.sql", BASE)])?);
    options.owner_url = Some(owner_url.clone());
    options.service_roles = vec!["bench_service".to_owned()];
    changeover::operate::adopt(&options, 1).await?;
    // The floor is where the old release is, so that the contract runs too.
    changeover::operate::finalize(&options, 1, Some("nothing older than release 1 runs")).await?;

    let watcher = Watcher::start(&server.url("postgres", &database)).await?;
    let load = Load::start(&service_url, rate, args.rows, shape).await?;
    provoke_autovacuum(&owner_url).await?;
    let reader = reader(server.url("postgres", &database), args.reader_s).await?;
    let began = Instant::now();
    match act {
        Act::Nothing => {}
        Act::Plain => {
            let owner = connect(&owner_url).await?;
            owner.batch_execute("ALTER TABLE t ADD COLUMN w bigint").await?;
        }
        Act::Upgrade => {
            let files = [("0001_base.sql", BASE), ("0002_next.sql", NEXT)];
            options.migrations = migrations(&files)?;
            // Locks are measured here, not how a backfill gives way.
            options.pace.rest_ratio = Some(0.5);
            let stop = tokio_util::sync::CancellationToken::new();
            let outlook = changeover::operate::migrate(options, stop).await?;
            ensure!(outlook.failed.is_empty(), "steps failed: {outlook:?}");
        }
    }
    let took_s = began.elapsed().as_secs_f64();
    reader.await??;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let felt = load.stop().await?;
    let seen = watcher.stop().await?;
    Ok(Scene { felt, seen, took_s })
}

async fn prepare(args: &Args, server: &Server, database: &str) -> anyhow::Result<()> {
    let admin = connect(&server.url("postgres", database)).await?;
    admin
        .batch_execute(&format!(
            "ALTER SCHEMA public OWNER TO bench_owner; GRANT CREATE ON DATABASE \"{database}\" TO bench_owner; \
             GRANT USAGE ON SCHEMA public TO bench_service; \
             SET ROLE bench_owner; {BASE} \
             INSERT INTO t (v) SELECT g FROM generate_series(1, {}) g; \
             GRANT ALL ON t TO bench_service; GRANT ALL ON SEQUENCE t_id_seq TO bench_service; \
             ALTER TABLE t SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, \
                 autovacuum_vacuum_cost_delay = 20, autovacuum_vacuum_cost_limit = 20);",
            args.rows
        ))
        .await?;
    Ok(())
}

/// Makes dead rows and waits until the autovacuum works on the table: slow, so that it is in the way.
async fn provoke_autovacuum(owner_url: &str) -> anyhow::Result<()> {
    let owner = connect(owner_url).await?;
    owner.batch_execute("UPDATE t SET v = v WHERE id % 3 = 0").await?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let row = owner
            .query_one(
                "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND granted \
                    AND mode = 'ShareUpdateExclusiveLock'",
                &[],
            )
            .await?;
        if row.get::<_, i64>(0) > 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("autovacuum did not come")
}

/// Reads the table and keeps its transaction open.
async fn reader(
    url: String,
    seconds: f64,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    let client = connect(&url).await?;
    client.batch_execute("BEGIN; SELECT count(*) FROM (SELECT 1 FROM t LIMIT 1) s").await?;
    Ok(tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        client.batch_execute("COMMIT").await?;
        Ok(())
    }))
}
