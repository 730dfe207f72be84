//! `changeover jobs`: the queue, for people: counts, dead letters, putting back, and the question before
//! going back to an older release.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::{Settings, owner_url};
use crate::view::jobs as view;
use changeover_work::JobInspector;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  changeover jobs                       how many of each kind are in which state
  changeover jobs dead --kind mail      what was given up, or is of unknown outcome, and why
  changeover jobs requeue 4711 4712     put these back, with a fresh count of failures
  changeover jobs requeue --kind mail   put all of a kind back that were given up
  changeover jobs check-rollback --to 209
                                        whether generation 209 could run all that is enqueued

Any role that may look at the ledger will do. `check-rollback` ends with 11 where it could not.";

/// Arguments of `changeover jobs`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List jobs that wait for a person: given up, or of unknown outcome
    Dead(DeadArgs),
    /// Put jobs back that were given up or are of unknown outcome
    Requeue(RequeueArgs),
    /// Say whether an older release could run everything that is enqueued
    CheckRollback(CheckRollbackArgs),
}

#[derive(Debug, clap::Args)]
struct DeadArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// How many at most, the oldest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

#[derive(Debug, clap::Args)]
struct RequeueArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The jobs' numbers
    #[arg(value_name = "ID", required_unless_present = "kind", conflicts_with = "kind")]
    ids: Vec<i64>,
    /// All of this kind that were given up; not those of unknown outcome
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

#[derive(Debug, clap::Args)]
struct CheckRollbackArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The generation to go back to: its migrations' head, unless the service gives another number
    #[arg(long, value_name = "GENERATION")]
    to: i64,
}

/// Looks, or does what is asked.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    match args.action {
        None => counts(&args.database, output).await,
        Some(Action::Dead(args)) => dead(&args, output).await,
        Some(Action::Requeue(args)) => requeue(&args, output).await,
        Some(Action::CheckRollback(args)) => check_rollback(&args, output).await,
    }
}

async fn inspector(database: &DatabaseArgs) -> Result<JobInspector, Failure> {
    let app = Settings::find()?.app(database);
    Ok(JobInspector::connect(&owner_url(database)?, &app).await?)
}

async fn counts(database: &DatabaseArgs, output: &Output) -> Result<ExitCode, Failure> {
    let counts = inspector(database).await?.counts().await?;
    if output.wants_json() {
        output.json(&counts)?;
    } else {
        output.line(view::counts(&counts, output.columns()))?;
    }
    Ok(ExitCode::Ok)
}

async fn dead(args: &DeadArgs, output: &Output) -> Result<ExitCode, Failure> {
    let dead = inspector(&args.database).await?.dead(args.kind.as_deref(), args.limit).await?;
    if output.wants_json() {
        output.json(&dead)?;
    } else {
        output.line(view::dead(&dead, output.columns()))?;
    }
    Ok(ExitCode::Ok)
}

async fn requeue(args: &RequeueArgs, output: &Output) -> Result<ExitCode, Failure> {
    let inspector = inspector(&args.database).await?;
    let back = match &args.kind {
        Some(kind) => inspector.requeue_kind(kind).await?,
        None => inspector.requeue(&args.ids).await?,
    };
    if output.wants_json() {
        output.json(&json!({ "requeued": back }))?;
        return Ok(ExitCode::Ok);
    }
    let asked = i64::try_from(args.ids.len()).unwrap_or(i64::MAX);
    output.line(view::requeued(back, args.kind.is_none().then_some(asked), output.columns()))?;
    Ok(ExitCode::Ok)
}

async fn check_rollback(args: &CheckRollbackArgs, output: &Output) -> Result<ExitCode, Failure> {
    let beyond = inspector(&args.database).await?.beyond(args.to).await?;
    if output.wants_json() {
        output.json(&json!({ "generation": args.to, "beyond": beyond }))?;
    } else {
        output.line(view::beyond(&beyond, args.to, output.columns()))?;
    }
    Ok(if beyond.is_empty() { ExitCode::Ok } else { ExitCode::JobsBeyond })
}
