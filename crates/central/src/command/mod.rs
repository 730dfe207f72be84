//! The command line of central, mounted by the program as a hidden subcommand.

mod seed;
mod serve;
pub mod termination;
mod workers;

pub use seed::SeedArgs;
pub use serve::ServeArgs;

use crate::error::CentralError;

/// `central …`: the reference service.
#[derive(Debug, clap::Args)]
pub struct CentralArgs {
    #[command(subcommand)]
    command: CentralCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CentralCommand {
    /// Serve one release until SIGTERM or SIGINT.
    Serve(Box<ServeArgs>),
    /// Fill the tables.
    Seed(SeedArgs),
}

/// Runs a subcommand of central to its end. Logs by `tracing`; the caller installs a subscriber.
///
/// # Errors
/// When an instance cannot start or the tables cannot be filled.
pub async fn run(args: CentralArgs) -> Result<(), CentralError> {
    match args.command {
        CentralCommand::Serve(args) => serve::run(*args).await,
        CentralCommand::Seed(args) => seed::run(args).await,
    }
}
