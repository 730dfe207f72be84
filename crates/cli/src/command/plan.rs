//! `changeover plan`: shows what would be done, and changes nothing.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::output::Output;
use crate::settings::Settings;
use crate::view;
use changeover::operate;
use changeover::planning::Plan;
use changeover::planning::model::plan::PlanMode;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  changeover plan                       what the pending migrations become
  changeover plan --at-once             as if nobody served
  changeover plan --json --out plan.json
                                        keep it, for a review or a pipeline

Ends with 0 where everything can be done, and with 3 where a statement is refused.";

/// Arguments of `changeover plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    folder: FolderArgs,
    /// Plan as if nobody served: each file as it is written
    #[arg(long)]
    at_once: bool,
    /// The tables that are there belong to something else: begin with the first migration
    #[arg(long)]
    fresh: bool,
    /// Also write the plan to this file, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Plans and prints.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let folder = settings.folder(&args.folder)?;
    let mut options = settings.options(&args.database, folder.migrations.clone())?;
    options.fresh = args.fresh;
    if args.at_once {
        options.mode = PlanMode::AtOnce;
    }
    let plan = operate::plan(&options).await?;
    if let Some(file) = &args.out {
        write(&plan, file)?;
    }
    if output.wants_json() {
        output.json(&plan)?;
    } else {
        show(&plan, &folder, options.head(), output)?;
    }
    Ok(if plan.refusals.is_empty() { ExitCode::Ok } else { ExitCode::Refused })
}

fn show(plan: &Plan, folder: &Folder, own_head: u64, output: &Output) -> Result<(), Failure> {
    let columns = output.columns();
    if let Some(head) = plan.from_head.filter(|head| *head > own_head) {
        return output.line(view::plan::database_newer(plan, head, own_head, columns));
    }
    if !plan.steps.is_empty() {
        output.line(view::plan::steps(plan, columns))?;
        output.line("")?;
    }
    if !plan.refusals.is_empty() {
        output.line(view::refusal::all(&plan.refusals, folder, columns))?;
    }
    for warning in &plan.warnings {
        output.line(view::plan::warning(warning, columns))?;
        output.line("")?;
    }
    output.line(view::plan::summary(plan, columns))
}

fn write(plan: &Plan, file: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Failure::new("the plan cannot be written as JSON", error))?;
    std::fs::write(file, text + "\n")
        .map_err(|error| Failure::new(&format!("{} cannot be written", file.display()), error))
}
