//! `changeover completion`: a shell's completion script.

use super::Cli;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use clap::CommandFactory;
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  changeover completion bash > /etc/bash_completion.d/changeover
  source <(changeover completion zsh)";

/// Arguments of `changeover completion`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "changeover", &mut script);
    output.text(String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Ok)
}
