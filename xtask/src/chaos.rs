//! Centrals and workers in Rust, Python and Node are rolled forth and back, killed, paused, cut off and told
//! to go, rather in the middle of a unit than anywhere: at the end every tick and every job had its effect
//! once, and no two owners of a worker, and no two claimants of a job, ever committed in overlap.
//!
//! - [`stage`]: server, mail server, receiver of webhooks; who takes part, each behind a proxy of its own.
//! - [`fleet`], [`member`]: those who take part; [`worker`]: the one in Rust, this program again.
//! - [`strike`]: what befalls them; [`in_unit`], [`gate`], [`succession`]: how it falls into a unit.
//! - [`unowned`]: samples for how long a worker has no living owner.
//! - [`check`], [`claims`]: what must hold at the end, from the database, the order of commits, and the outside.
//! - [`happened`], [`refusals`]: what was done, and what the guards had to refuse.
//! - [`mutate`]: takes a protection out, to show that this notices.
//!
//! The same seed gives the same choices, though not the same moments.

mod check;
mod claims;
mod fleet;
mod gate;
mod happened;
mod in_unit;
mod member;
mod mutate;
mod refusals;
mod stage;
mod strike;
mod succession;
mod unowned;
pub(crate) mod worker;

use crate::budget::Budget;
use anyhow::{Context, ensure};
use changeover_central::population::Population;
use changeover_central::seed;
use changeover_verify::commit_order::CommitOrder;
use fleet::Fleet;
use member::Program;
use mutate::Mutation;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use stage::Stage;
use std::time::{Duration, Instant};
use strike::Deck;
use unowned::Unowned;

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long they come and go, in seconds; BUDGET_S shortens it.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How many centrals there are, besides more during a replacement.
    #[arg(long, default_value_t = 3)]
    instances: usize,
    /// How many workers there are in each of Rust, Python and Node.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Takes a protection out of the ledger: the chore must then fail.
    #[arg(long)]
    mutate: Option<Mutation>,
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
    let mut fleet = Fleet::new(&stage).await?;
    let order = begin(&args, &stage, &mut fleet).await?;
    let unowned = Unowned::begin(&stage.superuser_url, fleet.away.clone()).await?;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut deck = Deck::new();
    let length = Duration::from_secs(args.seconds);
    let began = Instant::now();
    while began.elapsed() < length && !budget.is_spent() {
        let target = target(began.elapsed().as_secs_f64() / length.as_secs_f64());
        fleet.ask(&mut rng).await?;
        fleet.roll(target, &mut rng).await?;
        fleet.strike(deck.draw(&mut rng), target, &mut rng).await?;
    }
    // Those that are old are replaced, so that every version of a job has somebody who runs it.
    fleet.finish(TARGETS[TARGETS.len() - 1], &mut rng).await?;
    let lasted = began.elapsed();
    let unowned = unowned.end().await?;
    check::settle(&stage).await?;
    let (happened, refusals) = fleet.end().await?;
    let lines = order.read_lines().await?;
    let found = check::check(&stage, &lines, &unowned, lasted).await?;
    println!("chaos: seed {seed}, {} s\n{happened}", lasted.as_secs());
    let short = check::shares(&stage, &refusals, lasted).await?;
    check::print(&found);
    let broken: Vec<_> = found.iter().filter(|one| !one.holds).map(|one| one.what).collect();
    ensure!(broken.is_empty(), "does not hold: {}; replay with --seed {seed}", broken.join("; "));
    ensure!(short.is_empty(), "too little happened to prove anything: {}", short.join("; "));
    ensure!(
        happened.total("killed") > 0,
        "too little happened to prove anything: nobody was killed"
    );
    Ok(())
}

/// The slot before any worker, the tables before the slot; then the first processes.
async fn begin(args: &Args, stage: &Stage, fleet: &mut Fleet<'_>) -> anyhow::Result<CommitOrder> {
    stage.migrate(TARGETS[0]).await?;
    seed::seed(Population::of(ROWS), 1, &stage.owner_url, |_| {}).await?;
    stage.add_notifier().await?;
    stage.add_common_work().await?;
    if let Some(mutation) = args.mutate {
        mutation.apply(&stage.client().await?).await?;
        println!("chaos: without {mutation:?}: this run must fail");
    }
    let order = CommitOrder::begin(&stage.superuser_url, APP, "chaos").await?;
    let mut programs = vec![Program::Central; args.instances];
    for _ in 0..args.workers {
        programs.extend([Program::Rust, Program::Python, Program::Node]);
    }
    // The first central alone: it enters what all others read.
    fleet.add(&programs[..1], TARGETS[0]).await.context("the first central")?;
    fleet.add(&programs[1..], TARGETS[0]).await.context("the first processes")?;
    Ok(order)
}

/// Which release is rolled out when this share of the time has passed.
fn target(share: f64) -> &'static str {
    let place = (share * TARGETS.len() as f64) as usize;
    TARGETS[place.min(TARGETS.len() - 1)]
}

/// The release in a session's name, which is `changeover@HEAD/APP/RELEASE` and perhaps what it is for.
fn release_of(session: &str) -> &str {
    session.split('/').nth(2).unwrap_or_default()
}
