//! Follows the upgrade and runs the corpus at each place, in each mode.

use super::session::{Outcomes, Session};
use super::{CompatibilityReport, Incompatibility, Mode, OlderRelease};
use crate::error::VerifyError;
use crate::trial::{FirstError, Trial};
use changeover::{Pause, PausePoint};
use tokio::sync::Mutex;

/// The outcomes in each mode.
type ByMode = Vec<(Mode, Outcomes)>;

pub(super) struct Recorder {
    older: OlderRelease,
    /// What the older release's connections are called.
    name: String,
    /// Prepared and planned before the upgrade began.
    warm: Session,
    warm_in_transaction: Session,
    baseline: ByMode,
    report: Mutex<CompatibilityReport>,
    error: FirstError,
}

impl Recorder {
    /// Connects, warms up and runs the baseline.
    pub(super) async fn open(trial: &Trial, older: OlderRelease) -> Result<Self, VerifyError> {
        let name = format!("changeover@{}/{}/{}", older.head, trial.options.app, older.name);
        let warm = Session::open(&older.url, &name, &older.corpus).await?;
        warm.warm(&older.corpus).await?;
        let warm_in_transaction = Session::open(&older.url, &name, &older.corpus).await?;
        warm_in_transaction.warm(&older.corpus).await?;
        let report = CompatibilityReport {
            statements: older.corpus.len(),
            ..CompatibilityReport::default()
        };
        let mut recorder = Self {
            older,
            name,
            warm,
            warm_in_transaction,
            baseline: Vec::new(),
            report: Mutex::new(report),
            error: FirstError::default(),
        };
        recorder.baseline = recorder.run().await?;
        let report = recorder.report.get_mut();
        for (entry, outcomes) in recorder.older.corpus.iter().zip(&recorder.baseline[0].1) {
            if !outcomes.iter().all(super::Outcome::is_ok) {
                report.failing_before.push(entry.name.clone());
            }
        }
        Ok(recorder)
    }

    /// Runs the corpus in all modes.
    async fn run(&self) -> Result<ByMode, VerifyError> {
        let corpus = &self.older.corpus;
        let cold = Session::open(&self.older.url, &self.name, corpus).await?;
        Ok(vec![
            (Mode::Cold, cold.one_by_one(corpus).await?),
            (Mode::WarmAutocommit, self.warm.one_by_one(corpus).await?),
            (Mode::WarmTransaction, self.warm_in_transaction.in_one_transaction(corpus).await?),
        ])
    }

    /// The hook.
    pub(super) async fn reached(&self, pause: Pause) {
        let Some(step) = &pause.step else { return };
        let outcome = match pause.point {
            PausePoint::BeforeStep => self.compare().await,
            PausePoint::AfterStep => {
                self.report.lock().await.steps.push(step.to_string());
                Ok(())
            }
            _ => Ok(()),
        };
        self.error.keep(outcome);
    }

    /// Runs everything here and compares it with the baseline.
    async fn compare(&self) -> Result<(), VerifyError> {
        let here = self.run().await?;
        let mut report = self.report.lock().await;
        report.places += 1;
        for ((mode, expected), (_, got)) in self.baseline.iter().zip(&here) {
            for (number, entry) in self.older.corpus.iter().enumerate() {
                for (set, (expected, got)) in expected[number].iter().zip(&got[number]).enumerate()
                {
                    report.executions += 1;
                    if got.is_same(expected, entry.compare_rows) {
                        continue;
                    }
                    let after_step = report.steps.last().cloned();
                    let found = Incompatibility {
                        statement: entry.name.clone(),
                        values: set + 1,
                        after_step,
                        mode: *mode,
                        expected: expected.clone(),
                        got: got.clone(),
                        places: 1,
                    };
                    enter(&mut report.findings, found);
                }
            }
        }
        Ok(())
    }

    /// Runs everything on the last schema, and ends.
    pub(super) async fn finish(&self) -> Result<CompatibilityReport, VerifyError> {
        self.error.take()?;
        self.compare().await?;
        Ok(std::mem::take(&mut *self.report.lock().await))
    }
}

/// Enters a finding; the same one at a later place only counts.
fn enter(findings: &mut Vec<Incompatibility>, found: Incompatibility) {
    let same = findings.iter_mut().find(|known| {
        known.statement == found.statement
            && known.values == found.values
            && known.mode == found.mode
            && known.got == found.got
    });
    match same {
        Some(known) => known.places += 1,
        None => findings.push(found),
    }
}
