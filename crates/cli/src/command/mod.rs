//! The command line, and its subcommands, one file each. Every one has `Args` (for clap) and
//! `run(args, output) -> Result<ExitCode, Failure>`; it prints through [`Output`] only.

mod adopt;
mod agent;
mod agent_child;
mod cancel;
mod central;
mod completion;
mod demo;
mod exit_codes;
mod finalize;
mod jobs;
mod migrate;
mod new;
mod pace;
mod pause;
mod plan;
mod resume;
mod rollback;
mod rules;
mod status;
mod stop;
mod workers;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use clap::ColorChoice;

const EXAMPLES: &str = "\
Examples:
  changeover new add_order_total        make the next migration's file
  changeover plan                       see what it becomes: steps, locks, reasons
  changeover migrate                    run it while the service serves
  changeover status --watch             see how far it is

The connection string is taken from --database-url, CHANGEOVER_OWNER_URL or DATABASE_URL;
application, folder and roles also from a file changeover.toml here or further up.
`changeover exit-codes` lists how commands end; `changeover help COMMAND` has more examples.";

/// Upgrades a service with its data in PostgreSQL without its API stopping.
#[derive(Debug, clap::Parser)]
#[command(name = "changeover", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show what would be done, by phase, with each lock and whom it blocks
    Plan(plan::Args),
    /// Do it: run all steps that nothing holds back
    Migrate(migrate::Args),
    /// Show where the upgrade stands
    Status(status::Args),
    /// Let nothing more begin, and batches wait
    Pause(pause::Args),
    /// Go on after a pause or a cancelled step
    Resume(resume::Args),
    /// Say how fast what runs long may go, and when builds may begin
    Pace(pace::Args),
    /// Let nothing begin once a step is done
    Stop(stop::Args),
    /// Cancel what a step runs, until it is resumed
    Cancel(cancel::Args),
    /// Show who owns the singleton workers
    Workers(workers::Args),
    /// Make the next migration's file
    New(new::Args),
    /// Take over an existing database, running nothing
    Adopt(adopt::Args),
    /// Say that older releases will not come back, so that what they needed may go
    Finalize(finalize::Args),
    /// Undo an upgrade, out of the ledger
    Rollback(rollback::Args),
    /// Take part in upgrades on behalf of a process in any language
    Agent(agent::Args),
    /// Show the queue, put dead jobs back, ask before going back
    Jobs(jobs::Args),
    /// Upgrade a service twice under load, without and with Changeover, and compare
    Demo(demo::Args),
    /// Show by which rules statements are refused, and what to write instead
    Rules(rules::Args),
    /// Print a shell's completion script
    Completion(completion::Args),
    /// Print what the exit codes mean
    ExitCodes(exit_codes::Args),
    /// The reference service, which the demo runs
    #[command(hide = true)]
    Central(central::Args),
    /// Becomes the process that an agent starts
    #[command(hide = true)]
    AgentChild(agent_child::Args),
}

impl Command {
    /// Whether this runs as a service, with logs instead of a screen.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self, Self::Central(_) | Self::Agent(_) | Self::AgentChild(_))
    }
}

/// Runs a subcommand to its end.
pub(crate) async fn run(
    command: Command,
    output: &Output,
) -> Result<std::process::ExitCode, Failure> {
    let ended = match command {
        // These end as a process of somebody else's does.
        Command::Agent(args) => return agent::run(args).await,
        Command::AgentChild(args) => return agent_child::run(&args),
        Command::Plan(args) => plan::run(args, output).await,
        Command::Migrate(args) => migrate::run(args, output).await,
        Command::Status(args) => status::run(args, output).await,
        Command::Pause(args) => pause::run(args, output).await,
        Command::Resume(args) => resume::run(args, output).await,
        Command::Pace(args) => pace::run(args, output).await,
        Command::Stop(args) => stop::run(args, output).await,
        Command::Cancel(args) => cancel::run(args, output).await,
        Command::Workers(args) => workers::run(args, output).await,
        Command::New(args) => new::run(args, output),
        Command::Adopt(args) => adopt::run(args, output).await,
        Command::Finalize(args) => finalize::run(args, output).await,
        Command::Rollback(args) => rollback::run(args, output).await,
        Command::Jobs(args) => jobs::run(args, output).await,
        Command::Demo(args) => demo::run(args, output).await,
        Command::Rules(args) => rules::run(args, output),
        Command::Completion(args) => completion::run(args, output),
        Command::ExitCodes(args) => exit_codes::run(args, output),
        Command::Central(args) => central::run(args).await,
    };
    ended.map(ExitCode::into)
}
