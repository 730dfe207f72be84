//! Ten instances, killed, paused, stopped and started at random while 4.8 → 4.9 → 4.10 runs: every step
//! is done once and all laws hold, as the order of commits tells.
//!
//! The fleet moves from release to release as a rollout would, but goes back now and then. The seed is
//! printed; the same seed gives the same choices, though not the same moments.

use crate::budget::Budget;
use crate::central_process::{self, Central, Start};
use crate::connect::connect;
use crate::decoding_server;
use anyhow::{Context, bail, ensure};
use changeover::Options;
use changeover_central::population::Population;
use changeover_central::roles::{OWNER, SERVICE};
use changeover_central::{migration, release::Release, seed};
use changeover_postgres::Server;
use changeover_verify::commit_order::{self, CommitOrder, Violation};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long instances come and go, in seconds; BUDGET_S shortens it.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// How many instances.
    #[arg(long, default_value_t = 10)]
    instances: usize,
    /// The seed of the choices [default: one at random].
    #[arg(long)]
    seed: Option<u64>,
}

/// The application of central.
const APP: &str = "central";
/// Short, so that many takeovers fit; long enough for two cores that are shared by ten processes.
const LEASE_MS: u64 = 1_000;
/// So few that the backfills outlast many deaths.
const BATCH_ROWS: u32 = 16;
/// Rows of process_indicators.
const ROWS: u64 = 20_000;
/// The pause between two events, at most.
const PAUSE_MAX_MS: u64 = 500;
/// For how long the end is waited for.
const SETTLE_WAIT: Duration = Duration::from_secs(240);

/// What happened, for the figures.
#[derive(Debug, Default)]
struct Tally {
    killed: u32,
    stopped: u32,
    paused: u32,
    started: u32,
    ended_themselves: u32,
}

struct Stage {
    program: PathBuf,
    superuser_url: String,
    service_url: String,
    owner_url: String,
    /// Lives as long as the stage.
    _server: Server,
}

/// Runs it.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let seed = args.seed.unwrap_or_else(|| rand::rng().random_range(1..1_000_000));
    println!("instances: seed {seed}");
    let stage = Stage::new().await?;
    let mut fleet = Vec::new();
    let mut tally = Tally::default();
    let mut first = stage.start("4.8")?;
    first.ready().await.context("the first central")?;
    seed::seed(Population::of(ROWS), 1, &stage.owner_url, |_| {}).await?;
    // Not before: a table of somebody else's would have to be adopted.
    CommitOrder::install(&stage.superuser_url).await?;
    let order = CommitOrder::begin(&stage.superuser_url, APP, "instances").await?;
    fleet.push(first);
    while fleet.len() < args.instances {
        fleet.push(stage.start("4.8")?);
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let length = Duration::from_secs(args.seconds);
    let began = Instant::now();
    while began.elapsed() < length && !budget.is_spent() {
        let share = began.elapsed().as_secs_f64() / length.as_secs_f64();
        event(&stage, &mut fleet, &mut rng, share, &mut tally).await?;
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..PAUSE_MAX_MS))).await;
    }
    for central in fleet {
        central.kill().await?;
    }
    let (steps, columns) = settle(&stage).await?;
    let history = order.read().await?;
    let grants = history.transactions.iter().filter(|one| !one.term.is_empty()).count();
    // Central writes its tables itself, without a label.
    let broken: Vec<Violation> = commit_order::violations(&history)
        .into_iter()
        .filter(|violation| !matches!(violation, Violation::Unlabelled { .. }))
        .collect();
    for violation in &broken {
        println!("  {violation}");
    }
    println!(
        "instances: seed {seed}, {} instances for {:.0} s: {} started, {} killed, {} stopped, {} paused, \
         {} ended below the floor; {} transactions, {grants} writes of the term; {steps} steps, each \
         done once: {}; columns that differ: {columns}; laws broken: {}",
        args.instances,
        began.elapsed().as_secs_f64(),
        tally.started,
        tally.killed,
        tally.stopped,
        tally.paused,
        tally.ended_themselves,
        history.transactions.len(),
        !broken.iter().any(|violation| matches!(violation, Violation::DoneTwice { .. })),
        broken.len()
    );
    ensure!(broken.is_empty(), "laws are broken; replay with --seed {seed}");
    ensure!(columns == 0, "{columns} rows differ");
    ensure!(grants > 5 && tally.killed > 3, "too little happened to prove anything");
    Ok(())
}

/// One thing happens to one instance; what is missing afterwards is started.
async fn event(
    stage: &Stage,
    fleet: &mut Vec<Central>,
    rng: &mut StdRng,
    share: f64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut victim = fleet.remove(rng.random_range(0..fleet.len()));
    let release = release_at(share, rng.random_range(0.0..1.0));
    if victim.has_ended()? {
        tally.ended_themselves += 1;
    } else {
        match rng.random_range(0..10) {
            0..6 => {
                victim.kill().await?;
                tally.killed += 1;
            }
            6..8 => {
                victim.signal("TERM").await?;
                victim.wait().await?;
                tally.stopped += 1;
            }
            _ => {
                // Longer than its term: the one that wakes up believes that it still has it.
                victim.signal("STOP").await?;
                tokio::time::sleep(Duration::from_millis(LEASE_MS * 3 / 2)).await;
                victim.signal("CONT").await?;
                tally.paused += 1;
                fleet.push(victim);
                return Ok(());
            }
        }
    }
    fleet.push(stage.start(release)?);
    tally.started += 1;
    Ok(())
}

/// Which release the next instance is of: the rollout's, and one time in ten the one before.
fn release_at(share: f64, luck: f64) -> &'static str {
    let (old, new) = if share < 0.45 { ("4.8", "4.9") } else { ("4.9", "4.10") };
    if luck < 0.1 || share < 0.05 { old } else { new }
}

/// Ends the upgrade in order: one instance of the last release, the floor raised, every step done. Says
/// how many steps there are and how many rows differ.
async fn settle(stage: &Stage) -> anyhow::Result<(i64, i64)> {
    let release = Release::named("4.10")?;
    let files = migration::migrations_up_to(release.head);
    let migrations = changeover_plan::source::read(&files)?;
    let mut options = Options::new(APP, release.name, migrations);
    options.owner_url = Some(stage.owner_url.clone());
    options.label_commits = true;
    let deadline = Instant::now() + SETTLE_WAIT;
    let client = connect(&stage.superuser_url).await?;
    loop {
        changeover::operate::migrate(options.clone(), CancellationToken::new()).await?;
        // Instances that were killed count as alive until their time to live is over.
        let raised =
            changeover::operate::finalize(&options, release.head, Some("the fleet was killed"))
                .await;
        changeover::operate::migrate(options.clone(), CancellationToken::new()).await?;
        let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done'";
        if raised.is_ok() && client.query_one(open, &[]).await?.get::<_, i64>(0) == 0 {
            break;
        }
        if Instant::now() > deadline {
            bail!("the upgrade does not end: {raised:?}");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let steps = client.query_one("SELECT count(*) FROM changeover.step", &[]).await?.get(0);
    let differ = include_str!("instances/differ.sql");
    Ok((steps, client.query_one(differ, &[]).await?.get(0)))
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let program = central_process::build().await?;
        let (server, database, superuser_url) = decoding_server::start("instances").await?;
        Ok(Self {
            program,
            superuser_url,
            service_url: server.url(SERVICE, &database),
            owner_url: server.url(OWNER, &database),
            _server: server,
        })
    }

    fn start(&self, release: &str) -> anyhow::Result<Central> {
        let lease_ms = LEASE_MS.to_string();
        let batch_rows = BATCH_ROWS.to_string();
        let trial = ["--label-commits", "--lease-ms", &lease_ms, "--batch-rows", &batch_rows];
        Central::start_with(
            &Start {
                program: &self.program,
                release,
                service_url: &self.service_url,
                owner_url: Some(&self.owner_url),
            },
            &trial,
        )
    }
}
