//! The program `changeover`: plans, runs and watches upgrades of services with data in PostgreSQL.
//!
//! - [`command`]: one file a subcommand, each with `Args` and `run`.
//! - [`agent`]: the sidecar of a process in another language.
//! - [`arguments`], [`settings`], [`folder`]: what all commands are told, by flags, environment and file.
//! - [`view`]: what people see: plans, refusals, statuses. Pure: data in, text out.
//! - [`progress`]: what is shown while steps run: bars on a terminal, lines in a pipe.
//! - [`output`]: the only way to the screen; [`failure`], [`exit_code`]: how a command ends; [`report`]
//!   tells it.

mod agent;
mod arguments;
mod command;
mod demo;
mod exit_code;
mod failure;
mod folder;
mod operator;
mod output;
mod progress;
mod report;
mod settings;
mod signals;
mod view;

use clap::Parser;
use command::Cli;
use exit_code::ExitCode;
use failure::Failure;
use output::Output;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json, cli.color);
    let ended = start_logging(&cli).and_then(|()| run(cli, &output));
    match ended {
        Ok(exit_code) => exit_code,
        Err(failure) => report::tell(failure, &output).into(),
    }
}

fn run(cli: Cli, output: &Output) -> Result<std::process::ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("the program cannot start", error))?;
    let ended = runtime.block_on(command::run(cli.command, output));
    // What still runs in the background (a cancelled connection, say) must not hold the exit up.
    runtime.shutdown_background();
    ended
}

/// Logs go to stderr. An operator's command logs nothing unless told to by `CHANGEOVER_LOG`
/// (`info`, `changeover=debug`, …): what it has to say, it says itself. The service logs.
/// With `--json` each of its lines is an object.
fn start_logging(cli: &Cli) -> Result<(), Failure> {
    let is_service = cli.command.is_service();
    let default = if is_service { "info" } else { "off" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("CHANGEOVER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if is_service && cli.json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init()
    };
    started
        .map_err(|error| Failure::told(ExitCode::Failed, format!("logging cannot start: {error}")))
}
