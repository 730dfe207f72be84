//! Why a command did not do what it was asked to. How people and scripts are told is in `report`.

use crate::exit_code::ExitCode;
use crate::folder::Folder;
use changeover::planning::Plan;

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
