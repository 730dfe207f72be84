//! `changeover adopt`: takes over a database that other means have migrated so far.

use crate::arguments::{DatabaseArgs, FolderArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::view::figures;
use changeover::operate;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  changeover adopt --at 208             the database is as after migration 208
  changeover plan                       what comes after it

Nothing is run: the migrations up to N are entered in the ledger as applied.";

/// Arguments of `changeover adopt`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    folder: FolderArgs,
    /// The last migration whose effects are in the database
    #[arg(long, value_name = "N")]
    at: u64,
    /// A role that the service's instances use; may be given several times
    #[arg(long = "service-role", value_name = "ROLE")]
    service_roles: Vec<String>,
}

/// Enters the migrations and says which.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Settings::find()?;
    let folder = settings.folder(&args.folder)?;
    let mut options = settings.options(&args.database, folder.migrations)?;
    options.service_roles.extend(args.service_roles);
    let adopted = operate::adopt(&options, args.at).await?;
    if output.wants_json() {
        let entered: Vec<Value> = adopted
            .iter()
            .map(|migration| json!({ "number": migration.number, "file": migration.file }))
            .collect();
        output.json(&json!({ "app": options.app, "head": args.at, "adopted": entered }))?;
        return Ok(ExitCode::Ok);
    }
    output.line(format!(
        "{} entered as applied for {}, up to {}; nothing was run.",
        figures::counted(adopted.len(), "migration", "migrations"),
        options.app,
        args.at
    ))?;
    output.line("Next: `changeover plan` shows what comes after it.")?;
    Ok(ExitCode::Ok)
}
