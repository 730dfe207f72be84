//! `changeover rollback`: undoes an upgrade, out of the ledger.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::signals::StopSignals;
use crate::view::figures;
use changeover::{CancellationToken, rollback};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  changeover rollback --to 209          undo all migrations above 209, the last step first
  changeover rollback --to 209 --json   the same, for programs

First roll the service back (its instances of the newer release must be gone: they would do it
again), then this. The way back is in the ledger, so the newer release's files are not needed. It
may be stopped and started again at any time. Ends with 12 where the floor, an instance or a step
is in the way; nothing is changed then.";

/// Arguments of `changeover rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    folder: FolderArgs,
    /// The head to go back to: the last migration that stays
    #[arg(long, value_name = "N")]
    to: u64,
}

/// Undoes and says what was undone.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let folder = settings.folder(&args.folder)?;
    let options = settings.options(&args.database, folder.migrations)?;
    let stop = CancellationToken::new();
    let mut signals = StopSignals::install()?;
    let undo = rollback::rollback(&options, args.to, stop.clone());
    tokio::pin!(undo);
    let done = tokio::select! {
        done = &mut undo => done?,
        // It ends after the step that is being undone; what was undone stays so.
        () = signals.next() => {
            stop.cancel();
            undo.await?
        }
    };
    if output.wants_json() {
        let undone: Vec<&str> = done.undone.iter().map(|step| step.as_str()).collect();
        output.json(&json!({
            "app": options.app, "head_before": done.from, "head": done.to, "undone": undone,
        }))?;
        return Ok(ExitCode::Ok);
    }
    if done.from == done.to {
        output.line(format!("Nothing to do: the ledger's head is {} already.", done.to))?;
        return Ok(ExitCode::Ok);
    }
    for step in &done.undone {
        output.line(format!("  undone  {step}"))?;
    }
    output.line(format!(
        "Rolled back {} from migration {} to {}: {} undone.",
        options.app,
        done.from,
        done.to,
        figures::counted(done.undone.len(), "step", "steps")
    ))?;
    Ok(ExitCode::Ok)
}
