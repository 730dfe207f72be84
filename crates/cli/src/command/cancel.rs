//! `changeover cancel`: cancels what a step runs, and keeps it from running until somebody resumes.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Desk;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  changeover cancel 0209.3.index        end the build; other steps go on
  changeover cancel 0209.3.index --reason \"until tonight\"
  changeover resume                     let it begin again

A build or validation begins at its start then; a backfill goes on from its place. What a cancelled
build has left is dropped. A step that is done stays done.";

/// Arguments of `changeover cancel`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The step
    #[arg(value_name = "STEP")]
    step: String,
    /// Why, for all who look
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
}

/// Cancels.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let desk = Desk::open(&args.database).await?;
    let step = &args.step;
    let state = desk.operator.cancel_step(step, args.reason.as_deref()).await?;
    let done = match state.as_str() {
        "done" => format!("{step} is done already: nothing was cancelled."),
        "running" => format!("{step} is cancelled."),
        _ => format!("{step} does not run now, and will not begin."),
    };
    desk.tell(&done, output).await
}
