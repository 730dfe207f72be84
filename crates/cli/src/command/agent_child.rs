//! `changeover agent-child`: becomes the process that the agent starts, tied to the agent.

use crate::agent::shim;
use crate::failure::Failure;
use std::ffi::OsString;

/// Arguments of `changeover agent-child`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The agent's process
    #[arg(long)]
    parent: u32,
    /// What to become
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

/// Becomes the process; returns only where that fails.
pub(crate) fn run(args: &Args) -> Result<std::process::ExitCode, Failure> {
    shim::become_process(args.parent, &args.program).map(Into::into)
}
