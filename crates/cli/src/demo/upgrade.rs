//! What can be said of the upgrade alone: its builds apart, the speed of its backfills.
//!
//! PostgreSQL cannot slow an index build or a validation down once it runs, so what clients feel meanwhile says
//! nothing about the pace. Called by `outcome.rs`. Pure.

use std::time::Duration;

use changeover_rollout::load::{Summary, Window};
use serde::Serialize;

use super::run::{RunRecord, StepRecord};

/// Latency of answered requests. All 0 where there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) requests: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p99_9_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    /// Out of a window's figures.
    pub(super) fn of(summary: &Summary) -> Latency {
        let Summary { requests, p50_ms, p99_ms, p99_9_ms, max_ms, .. } = *summary;
        Latency { requests, p50_ms, p99_ms, p99_9_ms, max_ms }
    }

    /// The worse of two.
    pub(super) fn worst(self, other: Latency) -> Latency {
        Latency {
            requests: self.requests + other.requests,
            p50_ms: self.p50_ms.max(other.p50_ms),
            p99_ms: self.p99_ms.max(other.p99_ms),
            p99_9_ms: self.p99_9_ms.max(other.p99_9_ms),
            max_ms: self.max_ms.max(other.max_ms),
        }
    }
}

/// What runs at its own speed once it has begun.
fn is_build(step: &StepRecord) -> bool {
    matches!(step.kind.as_str(), "index_build" | "constraint_validate")
}

/// Figures of a window without the builds and validations, and of these alone.
pub(super) fn builds_apart(record: &RunRecord, window: Window) -> (Summary, Summary) {
    let spans: Vec<Window> =
        record.steps.iter().filter(|step| is_build(step)).filter_map(span).collect();
    (record.load.summary_outside(window, &spans), record.load.summary_within(window, &spans))
}

fn span(step: &StepRecord) -> Option<Window> {
    let at = |ms: f64| Duration::from_secs_f64((ms / 1_000.0).max(0.0));
    Some(Window { from: at(step.from_ms?), to: at(step.to_ms?) })
}

/// Rows a second over all backfills.
pub(super) fn rows_per_second(steps: &[StepRecord]) -> f64 {
    let backfills = steps.iter().filter(|step| step.kind == "backfill");
    let (rows, seconds) = backfills.filter_map(|step| Some((step.rows?, span(step)?))).fold(
        (0, 0.0),
        |(rows, seconds), (more, span)| {
            (rows + more, seconds + span.to.saturating_sub(span.from).as_secs_f64())
        },
    );
    if seconds > 0.0 { rows as f64 / seconds } else { 0.0 }
}

/// From the first step's begin to the last one's end.
pub(super) fn steps_ms(steps: &[StepRecord]) -> f64 {
    let from = steps.iter().filter_map(|step| step.from_ms).min_by(f64::total_cmp);
    let to = steps.iter().filter_map(|step| step.to_ms).max_by(f64::total_cmp);
    from.zip(to).map_or(0.0, |(from, to)| to - from)
}
