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
    changeover_central::command::run(args.central).await.map_err(|error| Failure::Told {
        exit_code: exit_code(&error),
        message: changeover::chain(&error),
        remedy: remedy(&error),
    })?;
    Ok(ExitCode::Ok)
}

fn exit_code(error: &CentralError) -> ExitCode {
    match error {
        CentralError::Refused { .. } => ExitCode::TooOld,
        CentralError::Upgrade(error) => ExitCode::of(error),
        CentralError::Connect { .. } => ExitCode::Unreachable,
        CentralError::Url(_) => ExitCode::Usage,
        _ => ExitCode::Failed,
    }
}

fn remedy(error: &CentralError) -> Option<String> {
    match error {
        CentralError::Upgrade(error) => error.remedy(),
        CentralError::Connect { source, .. } => Some(source.remedy()),
        CentralError::Url(source) => Some(source.remedy()),
        _ => None,
    }
}
