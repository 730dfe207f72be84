//! `changeover resume`: takes back a pause and what was cancelled.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Desk;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  changeover resume                     go on after `changeover pause` or `changeover cancel`

Where it was not paused, nothing changes. The pace stays as it was set.";

/// Arguments of `changeover resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Goes on.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let desk = Desk::open(&args.database).await?;
    let before = desk.operator.wishes().await?;
    desk.operator.resume().await?;
    let done = if before.paused.is_some() || before.cancelled.is_some() {
        "It goes on."
    } else {
        "It was not paused."
    };
    desk.tell(done, output).await
}
