//! One way to fill the column, and what it took.

use super::shape::Shape;
use crate::connect::connect;
use crate::migration_files::migrations;
use anyhow::{Context as _, bail, ensure};
use changeover::Options;
use changeover_postgres::Server;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Rows of a plain range.
const PLAIN_ROWS: u64 = 10_000;
/// How long the server may take to count what was updated, after its sessions have ended.
const STATISTICS_WAIT: Duration = Duration::from_secs(20);

/// Of Linux, everywhere.
const TICKS_A_SECOND: f64 = 100.0;

const ADD: &str = "ALTER TABLE t ADD COLUMN filled text";
const NEXT: &str = "ALTER TABLE t ADD COLUMN filled text;\nUPDATE t SET filled = lower(v);";

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arm {
    /// One statement.
    Single,
    /// One statement a range, each committed.
    PlainRanges,
    /// The engine, without rest.
    Ours {
        /// `None`: the default.
        target_ms: Option<u64>,
        /// Workers.
        parallel: u32,
    },
}

/// What it took.
pub(crate) struct Took {
    /// Of the backfill alone.
    pub(crate) seconds: f64,
    /// Of its check; 0 where there is none.
    pub(crate) check_s: f64,
    /// Batches.
    pub(crate) batches: f64,
    /// Of the whole arm, all of the server's processes: what other work on the machine does not stretch.
    pub(crate) cpu_s: f64,
    /// Of the whole arm.
    pub(crate) wal_mb: f64,
    /// Updates that touched no index.
    pub(crate) hot_percent: f64,
}

impl Arm {
    /// What people see.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Single => "single UPDATE".to_owned(),
            Self::PlainRanges => format!("plain ranges of {PLAIN_ROWS}"),
            Self::Ours { target_ms: None, parallel: 1 } => "ours".to_owned(),
            Self::Ours { target_ms: Some(ms), .. } => format!("ours, batches of {ms} ms"),
            Self::Ours { parallel, .. } => format!("ours, {parallel} in parallel"),
        }
    }

    /// Fills the table of a fresh copy.
    pub(crate) async fn run(
        self,
        server: &Server,
        database: &str,
        shape: &Shape,
    ) -> anyhow::Result<Took> {
        let admin = connect(&server.url("postgres", database)).await?;
        let owner_url = server.url("bench_owner", database);
        if !matches!(self, Self::Ours { .. }) {
            connect(&owner_url).await?.batch_execute(ADD).await?;
        }
        let grant = format!("GRANT CREATE ON DATABASE \"{database}\" TO bench_owner");
        admin.batch_execute(&grant).await?;
        admin.batch_execute("CHECKPOINT").await?;
        let before: String =
            admin.query_one("SELECT pg_current_wal_lsn()::text", &[]).await?.get(0);
        let cpu_before_s = server_cpu_s(server.postmaster_pid())?;
        let began = Instant::now();
        let (seconds, check_s, batches) = match self {
            Self::Single => {
                connect(&owner_url).await?.batch_execute("UPDATE t SET filled = lower(v)").await?;
                (began.elapsed().as_secs_f64(), 0.0, 1.0)
            }
            Self::PlainRanges => {
                let batches = plain_ranges(&owner_url, shape.rows).await?;
                (began.elapsed().as_secs_f64(), 0.0, batches)
            }
            Self::Ours { target_ms, parallel } => {
                ours(server, database, shape, target_ms, parallel).await?;
                steps(&admin).await?
            }
        };
        let cpu_s = server_cpu_s(server.postmaster_pid())? - cpu_before_s;
        let wal_mb: f64 = admin
            .query_one(
                "SELECT (pg_wal_lsn_diff(pg_current_wal_lsn(), $1::text::pg_lsn) / 1048576)::float8",
                &[&before],
            )
            .await?
            .get(0);
        let wrong: i64 = admin
            .query_one("SELECT count(*) FROM t WHERE filled IS DISTINCT FROM lower(v)", &[])
            .await?
            .get(0);
        ensure!(wrong == 0, "{wrong} rows are wrong");
        let hot_percent = hot_percent(&admin, shape.rows).await?;
        Ok(Took { seconds, check_s, batches, cpu_s, wal_mb, hot_percent })
    }
}

async fn plain_ranges(owner_url: &str, rows: u64) -> anyhow::Result<f64> {
    let owner = connect(owner_url).await?;
    let fill = owner.prepare("UPDATE t SET filled = lower(v) WHERE id > $1 AND id <= $2").await?;
    let (mut lower, mut batches) = (0, 0.0);
    while lower < rows {
        let upper = lower + PLAIN_ROWS;
        owner.execute(&fill, &[&i64::try_from(lower)?, &i64::try_from(upper)?]).await?;
        lower = upper;
        batches += 1.0;
    }
    Ok(batches)
}

async fn ours(
    server: &Server,
    database: &str,
    shape: &Shape,
    target_ms: Option<u64>,
    parallel: u32,
) -> anyhow::Result<()> {
    let base = shape.base();
    let mut options = Options::new("bench", "1", migrations(&[("0001_base.sql", &base)])?);
    options.owner_url = Some(server.url("bench_owner", database));
    options.service_roles = vec!["bench_service".to_owned()];
    options.pace.rest_ratio = Some(0.0);
    options.pace.parallel = parallel;
    if let Some(ms) = target_ms {
        options.pace.batch_target = Duration::from_millis(ms);
    }
    changeover::operate::adopt(&options, 1).await?;
    options.migrations = migrations(&[("0001_base.sql", &base), ("0002_next.sql", NEXT)])?;
    let stop = tokio_util::sync::CancellationToken::new();
    let outlook = changeover::operate::migrate(options, stop).await?;
    ensure!(outlook.failed.is_empty(), "steps failed: {outlook:?}");
    Ok(())
}

/// Seconds of the backfill and of its check, and the backfill's batches, out of the ledger.
async fn steps(admin: &Client) -> anyhow::Result<(f64, f64, f64)> {
    let seconds = async |kind: &str| {
        let row = admin
            .query_opt(
                "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM changeover.step \
                  WHERE kind = $1 AND state = 'done'",
                &[&kind],
            )
            .await?;
        row.context("the ledger has no such step")?
            .try_get::<_, f64>(0)
            .context("the step has no times")
    };
    let batches = admin
        .query_one(
            "SELECT sum(batches)::float8 FROM changeover.progress WHERE step LIKE '%.backfill'",
            &[],
        )
        .await?
        .get(0);
    Ok((seconds("backfill").await?, seconds("backfill_check").await?, batches))
}

async fn hot_percent(admin: &Client, rows: u64) -> anyhow::Result<f64> {
    let deadline = Instant::now() + STATISTICS_WAIT;
    while Instant::now() < deadline {
        let row = admin
            .query_one(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 't'",
                &[],
            )
            .await?;
        let (all, hot): (i64, i64) = (row.get(0), row.get(1));
        if all >= i64::try_from(rows)? {
            return Ok(100.0 * hot as f64 / all as f64);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the server did not count the updates")
}

/// What the server's processes have used so far, those that have ended too. Linux only.
fn server_cpu_s(postmaster: u32) -> anyhow::Result<f64> {
    let mut ticks = 0.0;
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path().join("stat");
        // Other processes end while we look.
        let Ok(stat) = std::fs::read_to_string(&path) else { continue };
        // Behind the name, which may hold anything: the state, the parent, and from the twelfth on the ticks.
        let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = fields.split(' ').collect();
        let number =
            |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        if stat.starts_with(&format!("{postmaster} ")) {
            ticks += (11..=14).map(number).sum::<f64>();
        } else if fields.get(1).is_some_and(|parent| *parent == postmaster.to_string()) {
            ticks += number(11) + number(12);
        }
    }
    Ok(ticks / TICKS_A_SECOND)
}
