//! Centrals at work are rolled forth and back, killed, paused, cut off and told to go: at the end every
//! tick and every job had its effect once, and no two owners of a worker ever overlapped.
//!
//! - [`stage`]: server, mail server, receiver of webhooks, and centrals, each behind a proxy of its own.
//! - [`fleet`]: the centrals; what happens to them, by a seed.
//! - [`unowned`]: samples for how long a worker has no living owner.
//! - [`check`]: what must hold at the end, from the database, the order of commits, and the outside.
//!
//! The same seed gives the same choices, though not the same moments.

mod check;
mod fleet;
mod stage;
mod unowned;

use crate::budget::Budget;
use anyhow::{Context, ensure};
use changeover_central::population::Population;
use changeover_central::seed;
use changeover_verify::commit_order::CommitOrder;
use fleet::Fleet;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use stage::Stage;
use std::time::{Duration, Instant};
use unowned::Unowned;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long centrals come and go, in seconds; BUDGET_S shortens it.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How many centrals there are, besides one more during a replacement.
    #[arg(long, default_value_t = 3)]
    instances: usize,
    /// The seed of the choices [default: one at random].
    #[arg(long)]
    seed: Option<u64>,
}

/// The application of central.
const APP: &str = "central";
/// Short, so that many takeovers fit; long enough for two cores that are shared by all processes.
const LEASE: Duration = Duration::from_secs(3);
/// What a successor has beyond the lease for noticing and taking over.
const TAKEOVER: Duration = Duration::from_secs(1);
/// Deployments, alerts and flows of the seeded tables: small, so that work and not loading takes the time.
const ROWS: u64 = 2_000;
/// The rollout: forth, back in mid-way, and forth again, each for an equal share of the time. Not back to
/// 4.8 once 4.10 has begun: the floor then rises.
const TARGETS: [&str; 7] = ["4.8", "4.9", "4.8", "4.9", "4.10", "4.9", "4.10"];

/// Runs it.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let seed = args.seed.unwrap_or_else(|| rand::rng().random_range(1..1_000_000));
    println!("chaos: seed {seed}");
    let stage = Stage::new().await?;
    let mut fleet = Fleet::new(&stage);
    // The slot before any worker, the tables before the slot: the first central makes them.
    let order = {
        stage.migrate(TARGETS[0]).await?;
        seed::seed(Population::of(ROWS), 1, &stage.owner_url, |_| {}).await?;
        stage.add_notifier().await?;
        stage.slow_one_worker_down().await?;
        CommitOrder::begin(&stage.superuser_url, APP, "chaos").await?
    };
    for _ in 0..args.instances {
        fleet.add(TARGETS[0]).await.context("the first centrals")?;
    }
    let unowned = Unowned::begin(&stage.superuser_url, fleet.away()).await?;
    let mut rng = StdRng::seed_from_u64(seed);
    let length = Duration::from_secs(args.seconds);
    let began = Instant::now();
    while began.elapsed() < length && !budget.is_spent() {
        let share = began.elapsed().as_secs_f64() / length.as_secs_f64();
        fleet.event(target(share), &mut rng).await?;
    }
    // Whoever is old is replaced, so that every version of a job has somebody who runs it.
    fleet.finish(TARGETS[TARGETS.len() - 1]).await?;
    let unowned = unowned.end().await?;
    check::settle(&stage).await?;
    let happened = fleet.end().await?;
    let lines = order.read_lines().await?;
    let found = check::check(&stage, &lines, &unowned).await?;
    println!("chaos: seed {seed}, {} s: {happened}", began.elapsed().as_secs());
    check::print(&found);
    let broken: Vec<_> = found.iter().filter(|one| !one.holds).map(|one| one.what).collect();
    ensure!(broken.is_empty(), "does not hold: {}; replay with --seed {seed}", broken.join("; "));
    ensure!(happened.killed + happened.paused > 0, "too little happened to prove anything");
    Ok(())
}

/// Which release is rolled out when this share of the time has passed.
fn target(share: f64) -> &'static str {
    let place = (share * TARGETS.len() as f64) as usize;
    TARGETS[place.min(TARGETS.len() - 1)]
}
