//! Why a command did not do what it was asked to, in the form in which people and scripts are told.

use crate::exit_code::ExitCode;
use crate::output::Output;
use crate::settings::Folder;
use crate::view::{
    refusal, style,
    wrap::{self, Label},
};
use changeover::planning::Plan;
use serde_json::json;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads what is printed any more: end quietly.
    OutputClosed,
    /// Something to tell.
    Told {
        /// How the program ends.
        exit_code: ExitCode,
        /// What went wrong, lower case, with its causes.
        message: String,
        /// What to do next.
        remedy: Option<String>,
    },
    /// Pending statements are refused.
    Refused {
        /// The plan, with its refusals.
        plan: Box<Plan>,
        /// The files, to show the statements as they are written.
        folder: Folder,
    },
}

impl Failure {
    /// A failure of the program's own surroundings, with its cause.
    pub(crate) fn new(what: &str, cause: impl std::error::Error + 'static) -> Self {
        Self::told(ExitCode::Failed, format!("{what}: {}", changeover::chain(&cause)))
    }

    /// A failure with nothing to do about it but what the text says.
    pub(crate) fn told(exit_code: ExitCode, message: impl Into<String>) -> Self {
        Self::Told { exit_code, message: message.into(), remedy: None }
    }

    /// A failure, and what to do about it.
    pub(crate) fn with_remedy(
        exit_code: ExitCode,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Told { exit_code, message: message.into(), remedy: Some(remedy.into()) }
    }

    /// Tells it, and says how the program ends. Where JSON was asked for: one object on stdout.
    pub(crate) fn report(self, output: &Output) -> ExitCode {
        let (exit_code, told) = match self {
            Self::OutputClosed => (ExitCode::Ok, Ok(())),
            Self::Told { exit_code, message, remedy } => {
                (exit_code, tell(output, exit_code, &message, remedy.as_deref()))
            }
            Self::Refused { plan, folder } => {
                (ExitCode::Refused, tell_refused(output, &plan, &folder))
            }
        };
        // Where not even the error can be written, the exit code must do.
        match told {
            Ok(()) | Err(_) => exit_code,
        }
    }
}

impl From<changeover::Error> for Failure {
    fn from(error: changeover::Error) -> Self {
        Self::Told {
            exit_code: ExitCode::of(&error),
            message: changeover::chain(&error),
            remedy: error.remedy(),
        }
    }
}

fn tell(
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
    tell(output, ExitCode::Refused, &message, Some(refusal::REMEDY))
}
