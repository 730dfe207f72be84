//! An older release's statements against every schema that an upgrade goes through.
//!
//! First they are run on the old schema: the baseline. Then the upgrade is stopped before each of its
//! steps and at its end, and everything is run again in three modes: on a fresh connection (`cold`), on
//! one whose statements were prepared and planned before the upgrade began (`warm`), and the same within
//! one transaction. A cold run alone is blind: `SELECT *` fails only where it was prepared before.
//! SQLSTATE, columns (name, type, modifier) and numbers of rows must stay the same.
//!
//! The floor is raised to the older release's head and no further: contract steps that need a higher
//! one wait until it is gone, so they are not run. All changes of the statements are rolled back.

mod corpus;
mod outcome;
mod recorder;
mod session;
mod table;
mod value;

pub use corpus::CorpusStatement;
pub use outcome::{ColumnShape, Outcome};

use crate::error::VerifyError;
use crate::trial::Trial;
use changeover::Hook;
use recorder::Recorder;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On a fresh connection, parsed again.
    Cold,
    /// Prepared and planned before the upgrade began; by itself.
    WarmAutocommit,
    /// Prepared and planned before the upgrade began; all in one transaction.
    WarmTransaction,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cold => "cold",
            Self::WarmAutocommit => "warm",
            Self::WarmTransaction => "warm, in a transaction",
        })
    }
}

/// A statement whose outcome has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incompatibility {
    /// The statement's name.
    pub statement: String,
    /// Which set of values, from 1.
    pub values: usize,
    /// Where it was seen first: the last step that was done by then; `None` before the first.
    pub after_step: Option<String>,
    /// How it was run.
    pub mode: Mode,
    /// What it did on the old schema.
    pub expected: Outcome,
    /// What it does now.
    pub got: Outcome,
    /// At how many places on the way it was seen.
    pub places: usize,
}

/// The older release.
#[derive(Clone, Debug)]
pub struct OlderRelease {
    /// The name of its release.
    pub name: String,
    /// The highest migration that it knows.
    pub head: u64,
    /// Its connection; the service's role, since rights may be lost too.
    pub url: String,
    /// What it sends.
    pub corpus: Vec<CorpusStatement>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompatibilityReport {
    /// Steps that were run.
    pub steps: Vec<String>,
    /// How many schemas the statements were run on, without the old one.
    pub places: usize,
    /// How many statements there are.
    pub statements: usize,
    /// Statements that fail on the old schema already: of those only a change is found.
    pub failing_before: Vec<String>,
    /// How often a statement was run and compared.
    pub executions: u64,
    /// What has changed.
    pub findings: Vec<Incompatibility>,
}

impl fmt::Display for CompatibilityReport {
    /// A table for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::table(self))
    }
}

/// Runs the upgrade as far as the older release allows, and its statements all along.
///
/// # Errors
/// When the upgrade fails or the statements cannot be run at all. Changed outcomes are findings.
pub async fn check(trial: &Trial, older: OlderRelease) -> Result<CompatibilityReport, VerifyError> {
    let floor = older.head;
    let recorder = Arc::new(Recorder::open(trial, older).await?);
    let hook = {
        let recorder = Arc::clone(&recorder);
        Hook::new(move |pause| {
            let recorder = Arc::clone(&recorder);
            async move { recorder.reached(pause).await }
        })
    };
    let outcome = trial.run(hook, floor).await;
    let report = recorder.finish().await;
    outcome?;
    report
}
