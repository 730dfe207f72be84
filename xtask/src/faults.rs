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
mod lane;
mod matrix;
mod migrator;
mod picture;
mod scenario;
mod shop;
mod world;

use crate::budget::Budget;
use crate::central_process;
use anyhow::{Context as _, bail, ensure};
use changeover_verify::{CommitOrder, commit_order};
use fault::Fault;
use generate::{Observed, Scenario, Seed};
use lane::Lane;
use matrix::Ran;
use migrator::{Migrate, Migrator};
use picture::Picture;
use shop::{APP, Course, Folders, OWNER, SUPERUSER};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// The longest that one scenario may take, waits of all who are in it included.
const SCENARIO_MAX: Duration = Duration::from_secs(240);
/// An undisturbed run takes some two seconds.
const UNDISTURBED_MAX: Duration = Duration::from_secs(120);
/// How long connecting may take on a busy machine.
const CONNECT_WAIT: Duration = Duration::from_secs(20);

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the list of scenarios is drawn with
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this fault
    #[arg(long, value_enum)]
    only: Option<Fault>,
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
    let observed = undisturbed(&lane, &mut setting).await?;
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

/// Runs both courses undisturbed: what they end with, and which points they pass. The oracle must be
/// content with them, and must have seen something.
async fn undisturbed(lane: &Lane, setting: &mut Setting) -> anyhow::Result<Observed> {
    let mut observed = Observed::new();
    for course in Course::ALL {
        let server = lane.main();
        let database = server.fresh_clone(course.template(), "undisturbed").await?;
        let superuser_url = server.url(SUPERUSER, &database);
        let client = connect(&superuser_url).await?;
        client.batch_execute(&format!("ALTER DATABASE \"{database}\" OWNER TO {OWNER}")).await?;
        let order = CommitOrder::begin(&superuser_url, APP, "undisturbed").await?;
        let name = course.template();
        let mut migrator = Migrator::start(&Migrate {
            program: &setting.program,
            url: &server.url(OWNER, &database),
            folder: &setting.folders.of(course),
            scratch: &setting.scratch,
            name,
            pause_at: None,
            lease_ms: migrator::LONG_LEASE_MS,
        })?;
        let status = migrator.end(UNDISTURBED_MAX).await?;
        ensure!(status.success(), "undisturbed, {course}: {status}\n{}", migrator.log());
        generate::observe(&mut observed, course, &migrator.trace()?);
        let history = order.read().await?;
        let labelled = history.transactions.iter().filter(|t| !t.labels.is_empty()).count();
        let found = commit_order::violations(&history);
        ensure!(found.is_empty(), "undisturbed, {course}: {found:?}");
        ensure!(labelled > 0, "undisturbed, {course}: no transaction says its epoch");
        let picture = Picture::take(&superuser_url).await?;
        println!(
            "undisturbed, {course}: {labelled} labelled transactions, {} lines of schema, rows and \
             ledger",
            picture.len()
        );
        setting.expected.insert(course, picture);
        drop(client);
        server.drop_database(&database).await?;
    }
    Ok(observed)
}

/// One lane: one scenario after the other until none is left or the budget is spent.
async fn work(
    lane: Lane,
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
            Err(error) => vec![format!("{error:#}")],
        };
        let took = began.elapsed().as_secs_f64();
        let verdict = if faults.is_empty() { "ok" } else { "FAILED" };
        println!("{:>7} {verdict:6} {took:5.1} s  {scenario}", scenario.seed.to_string());
        for fault in &faults {
            println!("        {}", fault.replace('\n', "\n        "));
        }
        if keep {
            let kept = std::env::temp_dir().join(format!("faults-{}", scenario.seed));
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

/// What was run.
#[derive(Default)]
struct Tally {
    ran: Vec<Ran>,
    judged: usize,
    met: usize,
    seconds: f64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.ran.extend(other.ran);
        self.judged += other.judged;
        self.met += other.met;
        self.seconds += other.seconds;
    }

    /// The matrix, what failed, and the figures last.
    fn print(&self, observed: &Observed, all: usize, budget: &Budget) -> anyhow::Result<()> {
        println!("{}", matrix::text(observed, &self.ran));
        let failed: Vec<&Ran> = self.ran.iter().filter(|ran| !ran.held).collect();
        for ran in &failed {
            let Scenario { seed, .. } = &ran.scenario;
            println!("failed: {}\n    cargo xtask faults --replay {seed}", ran.scenario);
        }
        let bites =
            |fault: Fault| self.ran.iter().filter(|ran| ran.scenario.fault == fault).count();
        #[expect(clippy::cast_precision_loss, reason = "a mean")]
        let mean = self.seconds / self.ran.len().max(1) as f64;
        println!(
            "faults: {} of {all} scenarios, {} failed; {} labelled transactions judged by their \
             place in the order of commits; {} of {} refusals (53300, 53100) met; {mean:.1} s a \
             scenario, {:.0} s in all",
            self.ran.len(),
            failed.len(),
            self.judged,
            self.met,
            bites(Fault::Exhausted) + bites(Fault::DiskFull),
            budget.elapsed_s()
        );
        ensure!(!self.ran.is_empty(), "the budget did not suffice for one scenario");
        ensure!(failed.is_empty(), "{} scenarios failed", failed.len());
        Ok(())
    }
}

/// Connects; the connection's task ends with the client.
pub(super) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) =
        tokio::time::timeout(CONNECT_WAIT, tokio_postgres::connect(url, NoTls))
            .await
            .context("no answer from the server")?
            .context("no connection")?;
    tokio::spawn(connection);
    Ok(client)
}
