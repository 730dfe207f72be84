//! `changeover workers`: who owns the singleton workers, and who is about to.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watcher;
use crate::settings::{Settings, owner_url};
use crate::view::workers as view;

const EXAMPLES: &str = "\
Examples:
  changeover workers                    who owns what
  changeover workers --json | jq '.[] | select(.state == \"unowned\")'

A worker is owned by the newest release of which an instance is ready and has it. `refused`: a newer
one does not get it, since an older one that may still come back could not own it any more; raising
the floor (`changeover finalize`) cuts that way back. Any role that may look at the ledger will do.";

/// Arguments of `changeover workers`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Looks and prints.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let url = owner_url(&args.database)?;
    let status = Watcher::new(&url, &settings.app(&args.database)).look().await?;
    if output.wants_json() {
        output.json(&status.workers)?;
    } else {
        output.line(view::screen(&status, output.columns()))?;
    }
    Ok(ExitCode::Ok)
}
