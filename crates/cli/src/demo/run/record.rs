//! What is left of a run: every request, phase, pod and step. Times count from the load's start.

use std::time::Duration;

use changeover_central::writes::WritesFound;
use changeover_rollout::load::{LoadReport, StreamReport};
use serde::Serialize;

use crate::demo::settings::Way;

/// All that was seen of one run.
pub(crate) struct RunRecord {
    pub(crate) way: Way,
    /// Requests due per second.
    pub(crate) rate_per_second: f64,
    /// Every request.
    pub(crate) load: LoadReport,
    /// What went on when, without gaps.
    pub(crate) phases: Vec<PhaseSpan>,
    /// Every pod's stages.
    pub(crate) pods: Vec<PodSpan>,
    /// Every step of every migration after 4.8's.
    pub(crate) steps: Vec<StepRecord>,
    /// Steps that should be done by now and are not, each with the reason.
    pub(crate) steps_not_done: Vec<String>,
    /// What was found of the writes that were acknowledged.
    pub(crate) writes: WritesFound,
    /// What sensors' streams have seen; none where there were none.
    pub(crate) streams: Option<StreamsSeen>,
}

/// What sensors' streams have seen.
pub(crate) struct StreamsSeen {
    /// What their clients saw.
    pub(crate) load: StreamReport,
    /// What was found of the events that were acknowledged.
    pub(crate) events: WritesFound,
}

/// A stretch of a run.
#[derive(Clone, Debug)]
pub(crate) struct PhaseSpan {
    pub(crate) kind: PhaseKind,
    pub(crate) name: String,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

/// What a stretch of a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseKind {
    /// Load without an upgrade, not counted as before.
    WarmUp,
    /// Load without an upgrade.
    Baseline,
    /// Pods are being replaced by pods of the same release, without a migration: what that costs alone.
    Restart,
    /// Load after that.
    Settling,
    /// Pods are being replaced by pods of the next release.
    Rollout,
    /// The new release serves, steps go on.
    Online,
    /// Load after it.
    Afterwards,
}

/// A stretch of a pod's life.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PodSpan {
    pub(crate) pod: String,
    pub(crate) release: String,
    pub(crate) stage: PodStage,
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
}

/// What a pod does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PodStage {
    /// Its process runs and is not ready yet.
    Starting,
    /// It takes requests.
    Ready,
    /// It was told to end.
    Leaving,
}

/// A step of a migration.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StepRecord {
    pub(crate) id: String,
    pub(crate) migration: u64,
    pub(crate) title: String,
    pub(crate) kind: String,
    /// `expand`, `online`, `contract`, or `in one go`.
    pub(crate) phase: String,
    pub(crate) state: String,
    pub(crate) from_ms: Option<f64>,
    pub(crate) to_ms: Option<f64>,
    pub(crate) attempts: i32,
    pub(crate) locks: Vec<LockRecord>,
    pub(crate) reason: Option<String>,
    /// Rows that it worked through, where it does.
    pub(crate) rows: Option<u64>,
}

/// A lock that a step takes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LockRecord {
    pub(crate) relation: String,
    pub(crate) mode: String,
    pub(crate) held: String,
    pub(crate) blocks: String,
    pub(crate) blocks_service: bool,
}
