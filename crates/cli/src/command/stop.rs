//! `changeover stop`: nothing begins once a step is done, wherever the steps run.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Desk;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  changeover stop --after 0209.2.sync   look around before the backfill begins
  changeover stop --cancel              take that back: it goes on with the next step
  changeover stop                       where it stops, if anywhere

Holds for whichever instance migrates. Steps have their names once they are planned:
`changeover status` shows them.";

/// Arguments of `changeover stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The last step to run
    #[arg(long, value_name = "STEP", conflicts_with = "cancel")]
    after: Option<String>,
    /// Stop nowhere
    #[arg(long)]
    cancel: bool,
}

/// Sets where to stop, takes it back, or shows it.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let desk = Desk::open(&args.database).await?;
    if args.after.is_some() || args.cancel {
        desk.operator.stop_after(args.after.as_deref()).await?;
    }
    let set = desk.operator.wishes().await?.stop_after;
    let done = set.map_or_else(
        || "It stops nowhere.".to_owned(),
        |set| format!("Nothing begins once {} is done.", set.step),
    );
    desk.tell(&done, output).await
}
