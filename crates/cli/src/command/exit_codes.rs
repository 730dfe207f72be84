//! `changeover exit-codes`: what the exit codes mean.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use serde_json::{Value, json};

/// Arguments of `changeover exit-codes`.
#[derive(Debug, clap::Args)]
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
    for code in ExitCode::ALL {
        output.line(format!("{:>3}  {}", code.number(), code.meaning()))?;
    }
    Ok(ExitCode::Ok)
}
