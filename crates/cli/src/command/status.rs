//! `changeover status`: where the upgrade stands, once or again and again.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{Lines, Watcher};
use crate::settings::{Settings, owner_url};
use crate::signals::StopSignals;
use crate::view::status as view;
use changeover::status::Status;
use changeover::{Error, chain};
use std::time::Duration;

/// How many looks in a row may fail before watching ends: a restart of the server takes less.
const FAILED_LOOKS_MAX: u32 = 60;
/// Moves to the top left and clears what is below.
const CLEAR_SCREEN: &str = "\x1b[H\x1b[J";

const EXAMPLES: &str = "\
Examples:
  changeover status                     one look
  changeover status --watch             keep looking, until Ctrl-C
  changeover status --json | jq '.steps[] | select(.state != \"done\")'

Any role that may look at the ledger will do. Ends with 1 where a step has failed.";

/// Arguments of `changeover status`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Keep looking: in place on a terminal, a line for each change in a pipe
    #[arg(long)]
    watch: bool,
    /// With --watch: how long between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, requires = "watch",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

/// Looks and prints.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let url = owner_url(&args.database)?;
    let mut watcher = Watcher::new(&url, &settings.app(&args.database));
    if args.watch {
        return watch(&mut watcher, Duration::from_secs(args.every), output).await;
    }
    let status = watcher.look().await?;
    if output.wants_json() {
        output.json(&status)?;
    } else {
        output.line(view::screen(&status, output.columns(), None))?;
    }
    Ok(exit_code(&status))
}

fn exit_code(status: &Status) -> ExitCode {
    if view::has_failed(status) { ExitCode::Failed } else { ExitCode::Ok }
}

/// Ends by a signal, when the reader of the pipe goes away, or when the database stays away.
async fn watch(
    watcher: &mut Watcher,
    every: Duration,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut signals = StopSignals::install()?;
    let mut lines: Option<Lines> = None;
    let mut failed_looks = 0;
    loop {
        let looked = tokio::select! {
            looked = watcher.look() => looked,
            () = signals.next() => return Ok(ExitCode::Stopped),
        };
        match looked {
            Ok(status) => {
                failed_looks = 0;
                show(&status, &mut lines, output)?;
            }
            Err(error) => {
                failed_looks += 1;
                if failed_looks == FAILED_LOOKS_MAX || !may_pass(&error) {
                    return Err(error.into());
                }
                output.note(format!("looking again: {}", chain(&error)))?;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = signals.next() => return Ok(ExitCode::Stopped),
        }
    }
}

/// Whether the next look may succeed: also where the ledger is about to be made.
fn may_pass(error: &Error) -> bool {
    error.is_retryable() || matches!(error, Error::NoLedger | Error::UnknownApp { .. })
}

fn show(status: &Status, lines: &mut Option<Lines>, output: &Output) -> Result<(), Failure> {
    if output.wants_json() {
        return output.json_line(status);
    }
    let Some(rows) = output.rows() else {
        // The first look says all; after it, only what changes.
        return match lines {
            Some(lines) => lines.show(output, status),
            None => {
                *lines = Some(Lines::to_stdout(Some(status)));
                output.line(view::screen(status, output.columns(), None))
            }
        };
    };
    // The cursor stands on a line of its own.
    let rows = rows.saturating_sub(1);
    let screen = view::screen(status, output.columns(), Some(rows));
    let fitting: Vec<&str> = screen.lines().take(rows).collect();
    output.text(format!("{CLEAR_SCREEN}{}\n", fitting.join("\n")))
}
