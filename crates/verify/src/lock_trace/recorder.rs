//! Follows the upgrade through its pause points and makes one [`StepTrace`] of each step.

use super::compare::compare;
use super::observed::Observed;
use super::relations::Relations;
use super::sampler::Sampler;
use super::{LockTrace, ObservedLock, StepTrace};
use crate::error::VerifyError;
use crate::trial::{FirstError, Trial, connect};
use changeover::{Pause, PausePoint};
use changeover_plan::{Step, StepId};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Statement};

/// The step that runs.
struct Current {
    step: Step,
    before: Relations,
    observed: Observed,
    sampler: Sampler,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    done: LockTrace,
}

/// The recorder; its hook cannot fail, so the first error is kept.
pub(super) struct Recorder {
    client: Client,
    held: Statement,
    url: String,
    app: String,
    state: Mutex<State>,
    error: FirstError,
}

impl Recorder {
    pub(super) async fn open(trial: &Trial) -> Result<Self, VerifyError> {
        let client = connect(&trial.superuser_url, "verify-recorder", "reading locks").await?;
        let held = client
            .prepare(include_str!("sql/held.sql"))
            .await
            .map_err(VerifyError::sql("preparing the look at locks"))?;
        Ok(Self {
            client,
            held,
            url: trial.superuser_url.clone(),
            app: trial.options.app.clone(),
            state: Mutex::new(State::default()),
            error: FirstError::default(),
        })
    }

    /// The hook.
    pub(super) async fn reached(&self, pause: Pause) {
        let Some(id) = &pause.step else { return };
        let mut state = self.state.lock().await;
        let outcome = match pause.point {
            PausePoint::BeforeStep => self.begin(&mut state, id, pause.backend_pid).await,
            PausePoint::BeforeCommit => self.look(&mut state, pause.backend_pid).await,
            PausePoint::AfterStep => self.end(&mut state).await,
            _ => Ok(()),
        };
        self.error.keep(outcome);
    }

    async fn begin(&self, state: &mut State, id: &StepId, pid: i32) -> Result<(), VerifyError> {
        // A step that is tried again: what was seen so far counts too.
        let earlier = match state.current.take() {
            Some(current) => {
                let mut observed = current.observed;
                observed.merge(&current.sampler.end().await?);
                (current.step.id == *id).then_some((current.before, observed))
            }
            None => None,
        };
        let step = self.step(id).await?;
        let (before, observed) = match earlier {
            Some(earlier) => earlier,
            None => (Relations::read(&self.client).await?, Observed::default()),
        };
        let sampler = Sampler::start(&self.url, pid, &step).await?;
        state.current = Some(Current { step, before, observed, sampler });
        Ok(())
    }

    async fn look(&self, state: &mut State, pid: i32) -> Result<(), VerifyError> {
        if let Some(current) = &mut state.current {
            current.observed.look(&self.client, &self.held, pid).await?;
        }
        Ok(())
    }

    async fn end(&self, state: &mut State) -> Result<(), VerifyError> {
        let Some(mut current) = state.current.take() else {
            return Ok(());
        };
        current.observed.merge(&current.sampler.end().await?);
        let after = Relations::read(&self.client).await?;
        let findings = compare(&current.step, &current.observed, &current.before, &after);
        let sights = current.observed.sights.iter();
        let observed = sights.filter_map(|((oid, mode), sight)| {
            Some(ObservedLock {
                relation: current.before.name(*oid)?.clone(),
                mode: *mode,
                granted: sight.granted,
            })
        });
        state.done.steps.push(StepTrace {
            id: current.step.id.clone(),
            kind: current.step.kind.as_str(),
            phase: current.step.phase,
            stated: current.step.locks.clone(),
            observed: observed.collect(),
            looks: current.observed.looks,
            findings,
        });
        Ok(())
    }

    async fn step(&self, id: &StepId) -> Result<Step, VerifyError> {
        let row = self
            .client
            .query_one(
                "SELECT step::text FROM changeover.step WHERE app = $1 AND id = $2",
                &[&self.app, &id.as_str()],
            )
            .await
            .map_err(VerifyError::sql("reading the step"))?;
        serde_json::from_str(row.get(0))
            .map_err(|source| VerifyError::Ledger { step: id.to_string(), source })
    }

    /// Ends the recording; also that of a step which did not come to its end.
    pub(super) async fn finish(&self) -> Result<LockTrace, VerifyError> {
        let mut state = self.state.lock().await;
        if let Some(current) = state.current.take() {
            current.sampler.end().await?;
        }
        self.error.take()?;
        Ok(std::mem::take(&mut state.done))
    }
}
