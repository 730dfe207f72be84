//! The locks that each step of an upgrade really takes, against those that the plan states.
//!
//! The upgrade is run on a throw-away database. Of every transaction of a step the locks are read from
//! `pg_locks` by a second connection just before its commit, when all are held; what runs outside of
//! such transactions is looked at every millisecond or so, and concurrent index builds and drops are
//! made to stand still meanwhile (`holder`). A lock on something that the step made itself, on a catalog or
//! on the ledger is nobody's to wait for and is left out. SQL: `sql/`.

mod compare;
mod holder;
mod observed;
mod recorder;
mod relations;
mod sampler;
mod table;

use crate::error::VerifyError;
use crate::trial::Trial;
use changeover::Hook;
use changeover_plan::{Lock, LockHeld, LockMode, Phase, QualifiedName, StepId};
use recorder::Recorder;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A lock that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedLock {
    /// The relation; it was there before the step.
    pub relation: QualifiedName,
    /// The mode.
    pub mode: LockMode,
    /// Whether it was held; otherwise it was only asked for.
    pub granted: bool,
}

/// Where the plan says one thing and the server does another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum LockFinding {
    /// A lock that the plan does not mention.
    Unstated {
        /// The relation.
        relation: QualifiedName,
        /// What was seen.
        observed: LockMode,
    },
    /// A lock that is stronger than the plan says.
    Stronger {
        /// The relation.
        relation: QualifiedName,
        /// What the plan says.
        stated: LockMode,
        /// What was seen.
        observed: LockMode,
    },
    /// A lock that stops a service was held while waiting for older transactions.
    HeldAcrossWait {
        /// The relation.
        relation: QualifiedName,
        /// The mode.
        mode: LockMode,
    },
    /// The plan states a lock that stops a service where it would be held for long.
    NotABlink {
        /// The relation.
        relation: QualifiedName,
        /// The mode.
        mode: LockMode,
        /// For how long, as the plan says.
        held: LockHeld,
    },
    /// The rows were written again, into another file.
    Rewritten {
        /// The relation.
        relation: QualifiedName,
    },
}

impl fmt::Display for LockFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unstated { relation, observed } => {
                write!(f, "{observed} on {} is not stated", relation.plain())
            }
            Self::Stronger { relation, stated, observed } => {
                write!(f, "{observed} on {}, stated is {stated}", relation.plain())
            }
            Self::HeldAcrossWait { relation, mode } => {
                write!(f, "{mode} on {} held while waiting", relation.plain())
            }
            Self::NotABlink { relation, mode, .. } => {
                write!(f, "{mode} on {} stated for longer than a blink", relation.plain())
            }
            Self::Rewritten { relation } => write!(f, "{} was rewritten", relation.plain()),
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepTrace {
    /// Its id.
    pub id: StepId,
    /// Its kind.
    pub kind: &'static str,
    /// Its phase.
    pub phase: Phase,
    /// What the plan states.
    pub stated: Vec<Lock>,
    /// What was seen on relations that were there before.
    pub observed: Vec<ObservedLock>,
    /// How often was looked.
    pub looks: u64,
    /// What is wrong.
    pub findings: Vec<LockFinding>,
}

/// All steps, in the order in which they ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockTrace {
    /// The steps.
    pub steps: Vec<StepTrace>,
}

impl LockTrace {
    /// What is wrong, with the step.
    pub fn findings(&self) -> Vec<(&StepId, &LockFinding)> {
        self.steps
            .iter()
            .flat_map(|step| step.findings.iter().map(|finding| (&step.id, finding)))
            .collect()
    }
}

impl fmt::Display for LockTrace {
    /// A table for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::table(self))
    }
}

/// Runs the upgrade to its end, contract steps too, and traces it.
///
/// # Errors
/// When the upgrade fails or cannot be watched. Wrong locks are findings, no errors.
pub async fn trace(trial: &Trial) -> Result<LockTrace, VerifyError> {
    let recorder = Arc::new(Recorder::open(trial).await?);
    let hook = {
        let recorder = Arc::clone(&recorder);
        Hook::new(move |pause| {
            let recorder = Arc::clone(&recorder);
            async move { recorder.reached(pause).await }
        })
    };
    let outcome = trial.run(hook, trial.options.head()).await;
    let trace = recorder.finish().await;
    outcome?;
    trace
}
