//! `changeover finalize`: raises the floor by hand, after saying what that means.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watcher;
use crate::settings::Settings;
use crate::view::{
    figures, style,
    wrap::{self, Label},
};
use changeover::operate;
use changeover::status::{Status, StepStatus};
use serde_json::json;
use std::io::{IsTerminal, stdin};

const EXAMPLES: &str = "\
Examples:
  changeover finalize --to 210          ask, then let no release below 210 start again
  changeover finalize --to 210 --yes --vouch \"4.8 is switched off everywhere, CHG-1234\"

What only releases below N needed may be removed afterwards: by the next `changeover migrate`, or
by a running instance. This cannot be undone. Ends with 8 while older releases live.";

/// Arguments of `changeover finalize`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    folder: FolderArgs,
    /// The lowest head that may still start afterwards
    #[arg(long, value_name = "N")]
    to: u64,
    /// Your word that older releases which do not register are gone; kept in the ledger
    #[arg(long, value_name = "WORDS")]
    vouch: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Says what it means, asks, and raises the floor.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let folder = settings.folder(&args.folder)?;
    let options = settings.options(&args.database, folder.migrations)?;
    if options.head() < args.to {
        return Err(Failure::with_remedy(
            ExitCode::Usage,
            format!(
                "the folder knows no migration {}: its last one is {}",
                args.to,
                options.head()
            ),
            "run this with the migrations of the release that stays",
        ));
    }
    let url = options.owner_url.clone().unwrap_or_default();
    let status = Watcher::new(&url, &options.app).look().await?;
    if status.floor >= args.to {
        return already(&status, output);
    }
    if !output.wants_json() {
        output.line(meaning(&status, args.to, output.columns()))?;
    }
    if !args.yes && !agreed(&args, output)? {
        return Err(Failure::told(ExitCode::Stopped, "not agreed to: the floor stays as it is"));
    }
    operate::finalize(&options, args.to, args.vouch.as_deref()).await?;
    let freed: Vec<&str> = freed(&status, args.to).map(|step| step.id.as_str()).collect();
    if output.wants_json() {
        let (app, before) = (&status.app, status.floor);
        output.json(&json!({
            "app": app, "floor_before": before, "floor": args.to, "may_run_now": freed,
        }))?;
    } else {
        output.line(format!("The floor of {} is {} now.", status.app, args.to))?;
        if !freed.is_empty() {
            output.line(
                "Next: `changeover migrate`, unless a running instance has done it already.",
            )?;
        }
    }
    Ok(ExitCode::Ok)
}

fn already(status: &Status, output: &Output) -> Result<ExitCode, Failure> {
    if output.wants_json() {
        output.json(&json!({
            "app": status.app, "floor_before": status.floor, "floor": status.floor,
            "may_run_now": [],
        }))?;
    } else {
        output.line(format!(
            "Nothing to do: the floor of {} is {} already.",
            status.app, status.floor
        ))?;
    }
    Ok(ExitCode::Ok)
}

/// The contract steps that wait for no more than this floor.
fn freed(status: &Status, to: u64) -> impl Iterator<Item = &StepStatus> {
    status.steps.iter().filter(move |step| {
        step.state != "done" && step.floor.is_some_and(|floor| floor > status.floor && floor <= to)
    })
}

fn meaning(status: &Status, to: u64, columns: usize) -> String {
    let title = format!("Raising the floor of {} from {} to {to}", status.app, status.floor);
    let mut lines = vec![style::paint(style::HEADING, title)];
    let point = Label::plain("  - ");
    lines.push(wrap::behind(
        &point,
        &format!(
            "Releases that know fewer migrations than {to} can no longer start, and their open \
             sessions are ended. Going back to them is no longer possible."
        ),
        columns,
    ));
    let freed: Vec<&StepStatus> = freed(status, to).collect();
    lines.push(if freed.is_empty() {
        "  - No step waits for it.".to_owned()
    } else {
        format!("  - {} may run then:", figures::counted(freed.len(), "step", "steps"))
    });
    let step =
        |step: &&StepStatus| wrap::cut(&format!("      {}  {}", step.id, step.title), columns);
    lines.extend(freed.iter().map(step));
    for old in status.instances.iter().filter(|old| old.alive && old.head < to) {
        let text = format!(
            "In the way: release {} (head {}) is {} as process {} on {}",
            old.release, old.head, old.state, old.pid, old.host
        );
        lines.push(style::paint(style::WARNING, wrap::behind(&point, &text, columns)));
    }
    lines.push("  - This cannot be undone.".to_owned());
    lines.join("\n")
}

/// Asks on a terminal; elsewhere nobody could answer.
fn agreed(args: &Args, output: &Output) -> Result<bool, Failure> {
    if output.wants_json() || !stdin().is_terminal() || !output.is_terminal() {
        return Err(Failure::with_remedy(
            ExitCode::Usage,
            "nobody can be asked whether the floor may be raised: this is no terminal",
            "add --yes where this is what you want",
        ));
    }
    output.text(format!("Raise the floor to {}? [y/N] ", args.to))?;
    let mut answer = String::new();
    stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::new("the answer cannot be read", error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
