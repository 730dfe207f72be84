//! `changeover exit-codes`: what the exit codes mean.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use serde_json::{Value, json};

/// Arguments of `changeover exit-codes`.
#[derive(Debug, clap::Args)]
#[command(after_help = list())]
pub(crate) struct Args {}

/// Prints the list.
pub(crate) fn run(_args: Args, output: &Output) -> Result<ExitCode, Failure> {
    if output.wants_json() {
        let codes: Vec<Value> = ExitCode::ALL
            .iter()
            .map(|code| json!({ "exit_code": code, "meaning": code.meaning() }))
            .collect();
        output.json(&codes)?;
        return Ok(ExitCode::Ok);
    }
    output.line(list())?;
    Ok(ExitCode::Ok)
}

fn list() -> String {
    let line = |code: ExitCode| format!("{:>3}  {}", code.number(), code.meaning());
    ExitCode::ALL.map(line).join("\n")
}
