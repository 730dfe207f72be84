//! Every point between two effects has a name, so that tests can stop, kill and resume there and an
//! operator can ask to stop at one.

use changeover_plan::StepId;
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// A point between two effects of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PausePoint {
    /// The term was granted; nothing was done under it.
    TermAcquired,
    /// The plan is in the ledger; no step has run.
    PlanRecorded,
    /// A step is about to begin.
    BeforeStep,
    /// A transaction has done its work and not yet committed; its locks are held.
    BeforeCommit,
    /// A batch of a backfill was committed.
    AfterBatch,
    /// A step that cannot be recorded in its own transaction has taken effect, unrecorded.
    EffectUnrecorded,
    /// A step is recorded as done.
    AfterStep,
    /// The floor was raised; no contract step has run.
    FloorRaised,
}

/// Where the engine is, as the hook sees it.
#[derive(Clone, Debug)]
pub struct Pause {
    /// The point.
    pub point: PausePoint,
    /// The step, where there is one.
    pub step: Option<StepId>,
    /// The backend of the connection that works.
    pub backend_pid: i32,
}

type HookFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Called at every [`PausePoint`]; the engine waits for what it returns.
#[derive(Clone)]
pub struct Hook(Option<Arc<dyn Fn(Pause) -> HookFuture + Send + Sync>>);

impl Hook {
    /// No hook.
    pub fn none() -> Self {
        Self(None)
    }

    /// Calls `function` at every point.
    pub fn new<F, R>(function: F) -> Self
    where
        F: Fn(Pause) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self(Some(Arc::new(move |pause| Box::pin(function(pause)))))
    }

    pub(crate) async fn reached(&self, point: PausePoint, step: Option<&StepId>, backend_pid: i32) {
        if let Some(function) = &self.0 {
            function(Pause { point, step: step.cloned(), backend_pid }).await;
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Hook(set)" } else { "Hook(none)" })
    }
}
