//! `cargo xtask faults`: every fault at every point of a migration, for every kind of step, by pairs.
//!
//! Process A pauses at a point, the fault strikes, others come or not, A goes on; at the end no effect
//! of a lower epoch was committed after a higher one's, as logical decoding tells, and schema, rows and
//! ledger are those of an undisturbed run. What can be reached is observed in undisturbed runs.
//!
//! `BUDGET_S`: after that many seconds no scenario is begun; the list begins with those that cover
//! most. Exits non-zero where anything does not hold; `--replay SEED` plays one again.

mod fault;
mod generate;
mod hold;
mod lane;
mod matrix;
mod migrator;
mod picture;
mod scenario;
mod shop;
mod standby_slots;
mod tally;
mod undisturbed;
mod world;

use crate::budget::Budget;
use crate::central_process;
use anyhow::{Context as _, bail, ensure};
use fault::Fault;
use generate::{Scenario, Seed};
use lane::Lane;
use matrix::Ran;
use picture::Picture;
use shop::{Course, Folders};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tally::Tally;

/// The application's name in the ledger.
const APP: &str = "shop";
/// The longest that one scenario may take, waits of all who are in it included. One that is begun when
/// the budget of CI is nearly spent must still end within the stage's bound.
const SCENARIO_MAX: Duration = Duration::from_secs(170);

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the list of scenarios is drawn with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this fault
    #[arg(long, value_enum)]
    only: Option<Fault>,
    /// Only at this point, or `index-building`
    #[arg(long, value_name = "POINT")]
    at: Option<String>,
    /// Plays one scenario again, by the seed that was printed, and keeps what its processes printed
    #[arg(long, value_name = "SEED")]
    replay: Option<Seed>,
    /// How many scenarios run at the same time, each on servers of its own
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    lanes: u8,
    /// The servers' major version, 14 to 18 [default: one that is there]
    #[arg(long)]
    major: Option<u16>,
}

/// What all scenarios share.
struct Setting {
    program: PathBuf,
    folders: Folders,
    /// What undisturbed runs end with.
    expected: BTreeMap<Course, Picture>,
    scratch: PathBuf,
}

/// Runs the list, or what the budget allows of it.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    tokio::select! {
        outcome = run_list(args) => outcome,
        // What runs is killed when dropped.
        _ = tokio::signal::ctrl_c() => bail!("stopped"),
    }
}

async fn run_list(args: Args) -> anyhow::Result<()> {
    let budget = Budget::from_environment()?;
    let program = central_process::build().await?;
    let home = tempfile::tempdir()?;
    let folders = Folders::write(home.path())?;
    let lane = Lane::start(args.major, &program, &folders).await?;
    let scratch = home.path().to_owned();
    let mut setting = Setting { program, folders, expected: BTreeMap::new(), scratch };
    let observed = undisturbed::run(&lane, &mut setting).await?;
    let seed = args.replay.map_or(args.seed, |replay| replay.base);
    let mut list = generate::scenarios(&observed, seed);
    let all = list.len();
    if let Some(replay) = args.replay {
        list.retain(|scenario| scenario.seed == replay);
        ensure!(!list.is_empty(), "the list of seed {seed} has {all} scenarios only");
    }
    if let Some(only) = args.only {
        list.retain(|scenario| scenario.fault == only);
    }
    if let Some(at) = &args.at {
        list.retain(|scenario| scenario.spot.point == *at);
    }
    ensure!(!list.is_empty(), "no scenario is left of {all}");
    println!(
        "PostgreSQL {}; {} places observed; {} of {all} scenarios of seed {seed}",
        lane.main().version(),
        observed.len(),
        list.len()
    );
    let queue = Arc::new(Mutex::new(VecDeque::from(list)));
    let setting = Arc::new(setting);
    let mut lanes = vec![tokio::spawn(work(
        lane,
        Arc::clone(&setting),
        Arc::clone(&queue),
        budget,
        args.replay.is_some(),
    ))];
    if args.replay.is_none() {
        for _ in 1..args.lanes {
            let lane = Lane::start(args.major, &setting.program, &setting.folders).await?;
            let (setting, queue) = (Arc::clone(&setting), Arc::clone(&queue));
            lanes.push(tokio::spawn(work(lane, setting, queue, budget, false)));
        }
    }
    let mut tally = Tally::default();
    for lane in lanes {
        tally.add(lane.await??);
    }
    tally.print(&observed, all, &budget)
}

/// One lane: one scenario after the other until none is left or the budget is spent.
async fn work(
    mut lane: Lane,
    setting: Arc<Setting>,
    queue: Arc<Mutex<VecDeque<Scenario>>>,
    budget: Budget,
    keep: bool,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    while !budget.is_spent() {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(scenario) = next else { break };
        let began = Instant::now();
        let scratch = setting.scratch.join(format!("scenario-{}", scenario.seed));
        std::fs::create_dir(&scratch)?;
        let play = scenario::play(&setting, &lane, &scenario, &scratch);
        let played = tokio::time::timeout(SCENARIO_MAX, Box::pin(play))
            .await
            .unwrap_or_else(|_elapsed| bail!("it did not end within {SCENARIO_MAX:?}"));
        let faults = match played {
            Ok(outcome) => {
                tally.judged += outcome.judged;
                tally.met += usize::from(outcome.met);
                outcome.faults
            }
            Err(error) => {
                // Who knows what it has left behind: a slot, a full disk, a process in the database.
                lane = lane.anew(&setting.program, &setting.folders).await?;
                vec![format!("{error:#}")]
            }
        };
        let took = began.elapsed().as_secs_f64();
        let verdict = if faults.is_empty() { "ok" } else { "FAILED" };
        println!("{:>7} {verdict:6} {took:5.1} s  {scenario}", scenario.seed.to_string());
        for fault in &faults {
            println!("        {}", fault.replace('\n', "\n        "));
        }
        if keep {
            let kept = std::env::temp_dir().join(format!("faults-{}", scenario.seed));
            if kept.exists() {
                std::fs::remove_dir_all(&kept)?;
            }
            std::fs::rename(&scratch, &kept).context("keeping what was printed")?;
            println!("what its processes printed: {}", kept.display());
        } else {
            std::fs::remove_dir_all(&scratch)?;
        }
        tally.seconds += took;
        tally.ran.push(Ran { scenario, held: faults.is_empty() });
    }
    Ok(tally)
}
