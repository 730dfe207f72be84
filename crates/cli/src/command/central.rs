//! `changeover central`: the reference service, as which the demo spawns this program.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use changeover_central::CentralError;

/// Arguments of `changeover central`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    central: changeover_central::command::CentralArgs,
}

/// Runs central to its end.
pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    changeover_central::command::run(args.central)
        .await
        .map_err(|error| Failure::told(exit_code(&error), changeover::chain(&error)))?;
    Ok(ExitCode::Ok)
}

fn exit_code(error: &CentralError) -> ExitCode {
    match error {
        CentralError::Refused { .. } => ExitCode::TooOld,
        CentralError::Upgrade(error) => ExitCode::of(error),
        _ => ExitCode::Failed,
    }
}
