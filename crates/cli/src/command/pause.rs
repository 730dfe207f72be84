//! `changeover pause`: nothing more begins, and batches wait, wherever the steps run.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Desk;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  changeover pause                      until `changeover resume`
  changeover pause --reason \"month end\"
                                        `changeover status` and /readyz say so

Holds for whichever instance migrates, the next one too. What runs in batches waits after the open
one; a build or validation that runs goes on to its end: `changeover cancel STEP` ends it.";

/// Arguments of `changeover pause`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Why, for all who look
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
}

/// Pauses.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let desk = Desk::open(&args.database).await?;
    desk.operator.pause(args.reason.as_deref()).await?;
    desk.tell("Nothing more begins, and batches wait.", output).await
}
