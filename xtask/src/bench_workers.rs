//! How long a singleton worker is without an owner: at a hand-over between two releases, and after its
//! process was killed; and what the guard costs.
//!
//! The gap is from the last commit of one epoch to the first of the next, read from the rows that the
//! units of work write (their time is the server's, taken last). The control of a hand-over is the usual
//! distance between two units of one owner in the same run; of the guard, the same transaction without
//! it, in turn. Processes that are killed are this program again, as `bench-workers --as-node`.

mod guard;
mod node;

use crate::budget::Budget;
use crate::measured::Measured;
use anyhow::{Context, ensure};
use changeover_postgres::{PgBouncer, Server};
use node::Node;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many hand-overs.
    #[arg(long, default_value_t = 100)]
    handovers: u32,
    /// How many processes are killed.
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// For how long a worker is granted where processes are killed.
    #[arg(long, default_value_t = 3_000)]
    lease_ms: u64,
    /// How many pairs of transactions with and without a guard.
    #[arg(long, default_value_t = 3_000)]
    pairs: u32,
    /// Through PgBouncer in transaction mode: without LISTEN, the hand-over waits for a poll.
    #[arg(long)]
    pooled: bool,
    /// Is the process that is killed: owns the worker at this address until then.
    #[arg(long, hide = true)]
    as_node: Option<String>,
}

const MEDIAN_AIM_MS: f64 = 50.0;
const P95_AIM_MS: f64 = 100.0;
const GUARD_AIM_US: f64 = 100.0;
/// What is aimed at after a death, beside the lease.
const KILLED_BEYOND_LEASE_MS: f64 = 1_000.0;
/// For how long a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(60);

const JOURNAL: &str = "CREATE TABLE journal (epoch bigint NOT NULL, release text NOT NULL, \
                       at timestamptz NOT NULL)";
/// Of each epoch that wrote, how long after the last one's end it began.
const GAPS: &str = "SELECT (extract(epoch FROM first - lag(last) OVER (ORDER BY epoch)) * 1000)::float8 \
    FROM (SELECT epoch, min(at) AS first, max(at) AS last FROM journal GROUP BY epoch) e \
   ORDER BY epoch OFFSET 1";
/// The distance between two units of one owner.
const SPACING: &str = "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY apart) \
    FROM (SELECT (extract(epoch FROM at - lag(at) OVER (PARTITION BY epoch ORDER BY at)) * 1000)::float8 \
                 AS apart FROM journal) s";
/// Units that came after one of a later epoch: there must be none.
const REGRESSIONS: &str = "SELECT count(*) FROM (SELECT epoch, max(epoch) OVER (ORDER BY at) AS seen \
    FROM journal) j WHERE epoch < seen";

/// Runs all three.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(url) = &args.as_node {
        return node::own_until_killed(url, args.lease_ms).await;
    }
    let budget = Budget::from_environment()?;
    let server = tokio::task::spawn_blocking(|| Server::builder().start()).await??;
    let mut as_aimed = handovers(&server, &args, &budget).await?;
    as_aimed &= deaths(&server, &args, &budget).await?;
    let cost_us = guard::cost_us(&server, args.pairs).await?;
    let verdict = if cost_us <= GUARD_AIM_US { "as aimed" } else { "MISSED" };
    println!("guard: {cost_us:.0} us more; aim: {GUARD_AIM_US:.0} us: {verdict}");
    as_aimed &= cost_us <= GUARD_AIM_US;
    ensure!(as_aimed, "not all is as aimed");
    Ok(())
}

/// An old release owns the worker, a new one comes and gets it, goes, and the old one has it again.
async fn handovers(server: &Server, args: &Args, budget: &Budget) -> anyhow::Result<bool> {
    let stage = Stage::new(server, "handover").await?;
    let lease_ms = 5_000;
    let pooler = if args.pooled { Some(pooler(server).await?) } else { None };
    let url = pooler.as_ref().map_or(stage.url.clone(), |one| one.url("postgres", &stage.database));
    let old = Node::start(&url, 1, lease_ms).await?;
    stage.until_works("1").await?;
    let mut made = 0;
    while made < args.handovers && !budget.is_spent() {
        let new = Node::start(&url, 2, lease_ms).await?;
        stage.until_works("2").await?;
        new.leave().await?;
        stage.until_works("1").await?;
        made += 2;
    }
    old.leave().await?;
    let (gaps, spacing) = stage.gaps().await?;
    let gaps = Measured::new(gaps)?;
    let (median, p95) = (gaps.median(), gaps.at(95));
    let verdict = if median <= MEDIAN_AIM_MS && p95 <= P95_AIM_MS { "as aimed" } else { "MISSED" };
    let how = if args.pooled { "by polls only" } else { "with LISTEN" };
    println!(
        "hand-over {how}: median {median:.1} ms of {}, p95 {p95:.1}, most {:.1}; control, between two \
         units of one owner: {spacing:.1} ms; aim: {MEDIAN_AIM_MS:.0} and {P95_AIM_MS:.0}: {verdict}",
        gaps.count(),
        gaps.most()
    );
    Ok(verdict == "as aimed" || args.pooled)
}

async fn pooler(server: &Server) -> anyhow::Result<PgBouncer> {
    let builder = PgBouncer::in_front_of(server).pool_size(10);
    Ok(tokio::task::spawn_blocking(|| builder.start()).await??)
}

/// A process owns the worker and is killed; one that is there takes it.
async fn deaths(server: &Server, args: &Args, budget: &Budget) -> anyhow::Result<bool> {
    let stage = Stage::new(server, "deaths").await?;
    let heir = Node::start(&stage.url, 1, args.lease_ms).await?;
    stage.until_works("1").await?;
    let mut took = Vec::new();
    for _ in 0..args.kills {
        if budget.is_spent() {
            break;
        }
        let mut victim = node::spawn(&stage.url, args.lease_ms)?;
        stage.until_works("2").await?;
        let since = Instant::now();
        victim.kill().await?;
        stage.until_works("1").await?;
        took.push(since.elapsed().as_secs_f64() * 1000.0);
        stage.forget_deaths().await?;
    }
    heir.leave().await?;
    let (_, _) = stage.gaps().await?;
    let took = Measured::new(took)?;
    let limit_ms = u32::try_from(args.lease_ms).map(f64::from)? + KILLED_BEYOND_LEASE_MS;
    let most = took.most();
    let verdict = if most <= limit_ms { "as aimed" } else { "MISSED" };
    println!(
        "after SIGKILL, lease {} ms: median {:.0} ms of {}, most {most:.0}; aim: {limit_ms:.0}: {verdict}",
        args.lease_ms,
        took.median(),
        took.count()
    );
    Ok(most <= limit_ms)
}

/// A database with a ledger and the journal.
struct Stage {
    url: String,
    database: String,
    client: Client,
}

impl Stage {
    async fn new(server: &Server, name: &str) -> anyhow::Result<Self> {
        let database = server.fresh_database(name).await?;
        let url = server.url("postgres", &database);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        let options = node::options(&url, 0, 5_000);
        changeover::operate::migrate(options, changeover::CancellationToken::new()).await?;
        client.batch_execute(JOURNAL).await?;
        Ok(Self { url, database, client })
    }

    /// Waits until the worker's owner, of this release, has written under its epoch.
    async fn until_works(&self, release: &str) -> anyhow::Result<()> {
        let works = "SELECT EXISTS (SELECT 1 FROM changeover.worker w \
                       JOIN journal j ON j.epoch = w.epoch WHERE j.release = $1)";
        let deadline = Instant::now() + STATE_WAIT;
        while !self.client.query_one(works, &[&release]).await?.get::<_, bool>(0) {
            ensure!(Instant::now() < deadline, "release {release} does not get to work");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// A release that dies again and again is passed over for a while, which is not measured here.
    async fn forget_deaths(&self) -> anyhow::Result<()> {
        let forget = "UPDATE changeover.worker_known SET deaths = 0, avoid_until = '-infinity'";
        Ok(self.client.batch_execute(forget).await?)
    }

    /// All gaps in ascending order, and the usual distance of two units, in milliseconds.
    async fn gaps(&self) -> anyhow::Result<(Vec<f64>, f64)> {
        let regressions: i64 = self.client.query_one(REGRESSIONS, &[]).await?.get(0);
        ensure!(regressions == 0, "{regressions} units came after one of a later owner");
        let rows = self.client.query(GAPS, &[]).await?;
        let gaps: Vec<f64> = rows.iter().map(|row| row.get(0)).collect();
        let spacing: Option<f64> = self.client.query_one(SPACING, &[]).await?.get(0);
        Ok((gaps, spacing.context("no owner has done two units")?))
    }
}
