//! Every point between two effects has a name, so that tests can stop, kill and resume there and an
//! operator can ask to stop at one.
//!
//! The one list is [`PausePoint`]; the engine calls the hook at each of them. `cargo xtask faults` makes
//! every fault at every point, so a new effect needs a point of its own here.

use changeover_plan::{Step, StepId};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

macro_rules! pause_points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A point between two effects of the engine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum PausePoint { $($(#[$doc])* $point,)* }

        impl PausePoint {
            /// All of them, in the order in which a run passes them.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// The name that people and the command line use.
            pub fn name(self) -> &'static str {
                match self { $(Self::$point => $name,)* }
            }
        }
    };
}

pause_points! {
    /// The term was granted; backends of earlier terms may still run.
    TermGranted = "term-granted",
    /// Backends of earlier terms are gone, the own one is registered; nothing was done yet.
    TermAcquired = "term-acquired",
    /// The plan is in the ledger; no step has run.
    PlanRecorded = "plan-recorded",
    /// A step is about to begin.
    BeforeStep = "before-step",
    /// A step is marked as running; nothing of it was done.
    StepBegun = "step-begun",
    /// The locks of a catalog change are held; nothing was changed.
    LocksHeld = "locks-held",
    /// A transaction has done its work and not yet committed; its locks are held.
    BeforeCommit = "before-commit",
    /// A batch of a backfill, or a range of its check, was committed.
    AfterBatch = "after-batch",
    /// A statement that cannot run in a transaction is about to be sent.
    BeforeUnguarded = "before-unguarded",
    /// A step that cannot be recorded in its own transaction has taken effect, unrecorded.
    EffectUnrecorded = "effect-unrecorded",
    /// A step is recorded as done.
    AfterStep = "after-step",
    /// The floor was raised; sessions below it may be open.
    FloorRaised = "floor-raised",
    /// Sessions below the floor are gone; no contract step has run.
    SessionsEnded = "sessions-ended",
}

impl fmt::Display for PausePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No pause point has this name.
#[derive(Debug, thiserror::Error)]
#[error("no pause point is named `{name}`; there are: {}", known())]
pub struct UnknownPausePoint {
    name: String,
}

fn known() -> String {
    PausePoint::ALL.iter().map(|point| point.name()).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for PausePoint {
    type Err = UnknownPausePoint;

    fn from_str(name: &str) -> Result<Self, UnknownPausePoint> {
        let found = Self::ALL.iter().find(|point| point.name() == name);
        found.copied().ok_or_else(|| UnknownPausePoint { name: name.to_owned() })
    }
}

/// Where the engine is, as the hook sees it.
#[derive(Clone, Debug)]
pub struct Pause {
    /// The point.
    pub point: PausePoint,
    /// The step, where there is one.
    pub step: Option<StepId>,
    /// The step's kind, as the ledger has it.
    pub kind: Option<&'static str>,
    /// The number of the term.
    pub epoch: i64,
    /// The backend of the connection that works; 0 before there is one.
    pub backend_pid: i32,
}

impl Pause {
    /// Where the engine is.
    pub fn at(point: PausePoint, step: Option<&Step>, epoch: i64, backend_pid: i32) -> Self {
        let kind = step.map(|step| step.kind.as_str());
        Self { point, step: step.map(|step| step.id.clone()), kind, epoch, backend_pid }
    }
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

    /// Calls the function, where there is one, and waits for what it returns.
    pub async fn reached(&self, pause: Pause) {
        if let Some(function) = &self.0 {
            function(pause).await;
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Hook(set)" } else { "Hook(none)" })
    }
}
