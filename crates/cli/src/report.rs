//! Tells why a command failed: in words on stderr, or as one object on stdout.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::output::Output;
use crate::view::{
    refusal, style,
    wrap::{self, Label},
};
use changeover::planning::Plan;
use serde_json::json;

/// Tells it, and says how the program ends. Where JSON was asked for: one object on stdout.
pub(crate) fn tell(failure: Failure, output: &Output) -> ExitCode {
    let (exit_code, told) = match failure {
        Failure::OutputClosed => (ExitCode::Ok, Ok(())),
        Failure::Told { exit_code, message, remedy } => {
            (exit_code, tell_one(output, exit_code, &message, remedy.as_deref()))
        }
        Failure::Refused { plan, folder } => {
            (ExitCode::Refused, tell_refused(output, &plan, &folder))
        }
    };
    // Where not even the error can be written, the exit code must do.
    match told {
        Ok(()) | Err(_) => exit_code,
    }
}

fn tell_one(
    output: &Output,
    exit_code: ExitCode,
    message: &str,
    remedy: Option<&str>,
) -> Result<(), Failure> {
    if output.wants_json() {
        return output.json(&json!({ "error": message, "remedy": remedy, "exit_code": exit_code }));
    }
    let columns = output.note_columns();
    let error = Label {
        painted: format!("{} ", style::paint(style::ERROR, "error:")),
        columns: 7,
        indent: 7,
    };
    output.note(wrap::behind(&error, message, columns))?;
    let Some(remedy) = remedy else { return Ok(()) };
    let what_to_do = Label {
        painted: format!("  {} ", style::paint(style::REMEDY, "what to do:")),
        columns: 14,
        indent: 14,
    };
    output.note(wrap::behind(&what_to_do, remedy, columns))
}

fn tell_refused(output: &Output, plan: &Plan, folder: &Folder) -> Result<(), Failure> {
    let message = refusal::headline(plan.refusals.len());
    if output.wants_json() {
        return output.json(&json!({
            "error": message,
            "remedy": refusal::REMEDY,
            "exit_code": ExitCode::Refused,
            "refusals": plan.refusals,
        }));
    }
    output.note(refusal::all(&plan.refusals, folder, output.columns()))?;
    tell_one(output, ExitCode::Refused, &message, Some(refusal::REMEDY))
}
