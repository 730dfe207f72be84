//! `changeover migrate`: runs all steps that nothing holds back, in the foreground.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::output::Output;
use crate::progress::{Progress, Watcher};
use crate::settings::Settings;
use crate::signals::StopSignals;
use crate::view::ended::Ended;
use changeover::pause_file::{self, PauseAt};
use changeover::planning::StepId;
use changeover::planning::model::plan::PlanMode;
use changeover::{Error, Options, Outlook, operate};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the ledger is looked at: quick enough for a bar, cheap enough for any server.
const LOOK_EVERY: Duration = Duration::from_millis(250);

const EXAMPLES: &str = "\
Examples:
  changeover migrate                    do what is pending while the service serves
  changeover migrate --service-role shop
                                        and let the role shop register its instances
  changeover migrate --at-once          nobody serves: run the files as they are written
  changeover migrate --stop-after 0209.2.sync
                                        look around before the backfill begins
  changeover migrate --rest 2           always rest twice as long as each batch took
  changeover migrate --json             one object at the end, for a pipeline

Ctrl-C stops after the open batch; started again, it goes on from there. Ends with 0 also where
steps wait for older releases to go; with 1 where a step has failed.";

/// Arguments of `changeover migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    folder: FolderArgs,
    /// Nobody serves: run each file as it is written
    #[arg(long)]
    at_once: bool,
    /// The tables that are there belong to something else: begin with the first migration
    #[arg(long)]
    fresh: bool,
    /// A role that the service's instances use; may be given several times
    #[arg(long = "service-role", value_name = "ROLE")]
    service_roles: Vec<String>,
    /// How long one try of a step waits for its locks [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    lock_give_up: Option<u64>,
    /// How often a step is tried before it counts as failed [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    tries: Option<u32>,
    /// How long one batch of a backfill should take while nobody else is at work; shorter in company [default: 50]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    batch_ms: Option<u64>,
    /// Always rest after a batch for so many times as long as it took [default: as others bear it]
    #[arg(long, value_name = "RATIO", value_parser = rest_ratio)]
    rest: Option<f64>,
    /// How many connections a backfill or a check uses at once; for when cores are free [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32))]
    parallel: Option<u32>,
    /// Stop once this step is done, e.g. 0209.2.sync; started again, it goes on with the next
    #[arg(long, value_name = "STEP")]
    stop_after: Option<String>,
    #[command(flatten)]
    trial: TrialArgs,
}

/// For fault tests of the program itself.
#[derive(Debug, clap::Args)]
struct TrialArgs {
    /// Where to pause: POINT[:KIND[:N]]
    #[arg(long, hide = true, value_name = "WHERE", requires = "pause_file")]
    pause_at: Option<PauseAt>,
    /// The file that appears at the pause; it ends once the file is gone
    #[arg(long, hide = true, value_name = "FILE")]
    pause_file: Option<PathBuf>,
    /// The file to which a line is appended at every pause point
    #[arg(long, hide = true, value_name = "FILE")]
    pause_trace: Option<PathBuf>,
    /// For how long a term is granted
    #[arg(long, hide = true, value_name = "MS")]
    lease_ms: Option<u64>,
    /// How often the ledger is looked at while waiting
    #[arg(long, hide = true, value_name = "MS")]
    poll_ms: Option<u64>,
    /// Rows of every batch, whatever the time that it takes
    #[arg(long, hide = true, value_name = "N")]
    batch_rows: Option<u32>,
    /// Let each transaction say in the write-ahead log under which term it was begun
    #[arg(long, hide = true)]
    label_commits: bool,
}

impl TrialArgs {
    fn apply(&self, options: &mut Options) {
        if let Some(lease_ms) = self.lease_ms {
            options.timing.lease = Duration::from_millis(lease_ms);
        }
        if let Some(poll_ms) = self.poll_ms {
            options.timing.poll = Duration::from_millis(poll_ms);
        }
        if let Some(rows) = self.batch_rows {
            options.pace.batch_rows_first = rows;
            options.pace.batch_rows_max = rows;
        }
        options.label_commits = self.label_commits;
        if self.pause_at.is_some() || self.pause_trace.is_some() {
            let at = self.pause_at.clone().zip(self.pause_file.clone());
            options.hook = pause_file::hook(at, self.pause_trace.clone());
        }
    }
}

fn rest_ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        // Beyond a hundred, a backfill would never end; a mistake most likely.
        Ok(ratio) if (0.0..=100.0).contains(&ratio) => Ok(ratio),
        _ => Err("a number from 0 to 100 is needed".to_owned()),
    }
}

/// Runs what is to be done and says what became of it.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let folder = settings.folder(&args.folder)?;
    let options = options(&args, &settings, &folder)?;
    let mut signals = StopSignals::install()?;
    let url = options.owner_url.clone().unwrap_or_default();
    let mut watcher = Watcher::new(&url, &options.app);
    let before = watcher.glance().await;
    let mut progress = Progress::begin(output, before.as_ref());
    let stop = CancellationToken::new();
    let (app, own_head) = (options.app.clone(), options.head());
    let mut engine = tokio::spawn(operate::migrate(options, stop.clone()));
    let ended = follow(&mut engine, &stop, &mut signals, &mut watcher, &mut progress, output).await;
    let after = watcher.glance().await;
    if let Some(status) = &after {
        progress.show(output, status);
    }
    progress.end();
    let outlook = match ended? {
        Ok(outlook) => outlook,
        Err(Error::Refused { plan }) => return Err(Failure::Refused { plan, folder }),
        Err(Error::Stopped) => {
            return Err(Failure::with_remedy(
                ExitCode::Stopped,
                "stopped on request",
                "run `changeover migrate` again: it goes on from the last committed batch",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let ended = Ended::new(app, own_head, before.as_ref(), after.as_ref(), outlook);
    if output.wants_json() {
        output.json(&ended)?;
    } else {
        output.line(ended.text(output.columns()))?;
    }
    Ok(ended.exit_code())
}

fn options(args: &Args, settings: &Settings, folder: &Folder) -> Result<Options, Failure> {
    let mut options = settings.options(&args.database, folder.migrations.clone())?;
    options.fresh = args.fresh;
    options.service_roles.extend(args.service_roles.iter().cloned());
    if args.at_once {
        options.mode = PlanMode::AtOnce;
    }
    if let Some(seconds) = args.lock_give_up {
        options.locks.give_up_after = Duration::from_secs(seconds);
    }
    if let Some(tries) = args.tries {
        options.timing.step_attempts_max = tries;
    }
    if let Some(batch_ms) = args.batch_ms {
        options.pace.batch_target = Duration::from_millis(batch_ms);
    }
    if let Some(ratio) = args.rest {
        options.pace.rest_ratio = Some(ratio);
    }
    if let Some(parallel) = args.parallel {
        options.pace.parallel = parallel;
    }
    options.stop_after = args.stop_after.as_deref().map(StepId::from);
    args.trial.apply(&mut options);
    Ok(options)
}

/// Shows progress until the engine ends. The first signal asks it to stop, the second leaves it.
async fn follow(
    engine: &mut JoinHandle<Result<Outlook, Error>>,
    stop: &CancellationToken,
    signals: &mut StopSignals,
    watcher: &mut Watcher,
    progress: &mut Progress,
    output: &Output,
) -> Result<Result<Outlook, Error>, Failure> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    // Ends with the engine, whose steps are all bounded.
    loop {
        tokio::select! {
            ended = &mut *engine => {
                return ended.map_err(|error| Failure::new("the migration ended by a fault", error));
            }
            () = signals.next() => {
                if stop.is_cancelled() {
                    return Err(Failure::with_remedy(
                        ExitCode::Stopped,
                        "ended without waiting for the open batch, which the server undoes",
                        "run `changeover migrate` again: it goes on from the last committed batch",
                    ));
                }
                stop.cancel();
                progress.say(output, "Stopping after the open batch; Ctrl-C again ends at once.");
            }
            _ = look.tick() => {
                if let Some(status) = watcher.glance().await {
                    progress.show(output, &status);
                }
            }
        }
    }
}
