//! What the page is given: the figures, and of each run that was kept the timeline.

use std::{collections::BTreeMap, time::Duration};

use changeover_rollout::load::{Bucket, FailureExample, Outcome, StreamSpan};
use jiff::Timestamp;
use serde::Serialize;

use crate::demo::{
    comparison::{Comparison, Run, Runs},
    outcome::RunOutcome,
    run::{PodSpan, RunRecord, StepRecord},
};

/// Widths of a stretch of the timeline; the first with which a run has few enough is taken.
const WIDTHS_MS: [u64; 9] = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000];

/// More stretches than this are narrower than a bar can be drawn.
const STRETCHES_MAX: u128 = 300;

/// All that the page shows.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    written_at: Timestamp,
    program: &'static str,
    comparison: &'a Comparison,
    runs: Vec<RunData<'a>>,
}

/// One run.
#[derive(Serialize)]
struct RunData<'a> {
    way: &'static str,
    title: String,
    outcome: &'a RunOutcome,
    faults: &'a [String],
    duration_ms: f64,
    stretch_ms: u64,
    timeline: Vec<Stretch>,
    pods: &'a [PodSpan],
    steps: &'a [StepRecord],
    failures: &'a [FailureExample],
    streams: &'a [StreamSpan],
}

/// A stretch of the timeline, with short names: there are hundreds.
#[derive(Serialize)]
struct Stretch {
    /// Its begin.
    t: u64,
    /// Requests due.
    n: u64,
    /// Failures by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    f: BTreeMap<Outcome, u64>,
    p50: f64,
    p99: f64,
    max: f64,
}

impl<'a> Data<'a> {
    pub(super) fn new(comparison: &'a Comparison, runs: &'a Runs) -> Data<'a> {
        let several = runs.0.len() > 2;
        let kept = runs.0.iter().enumerate().filter_map(|(index, run)| {
            let record = run.record.as_ref()?;
            let title = if several {
                format!("{}, run {} of {}", run.way.title(), index + 1, runs.0.len())
            } else {
                run.way.title().to_owned()
            };
            Some(run_data(run, record, title))
        });
        Data {
            written_at: Timestamp::now(),
            program: env!("CARGO_PKG_VERSION"),
            comparison,
            runs: kept.collect(),
        }
    }
}

fn run_data<'a>(run: &'a Run, record: &'a RunRecord, title: String) -> RunData<'a> {
    let due_for_ms = record.load.due_for.as_millis();
    let width = WIDTHS_MS.iter().find(|width| due_for_ms / u128::from(**width) < STRETCHES_MAX);
    let stretch_ms = *width.unwrap_or(&WIDTHS_MS[WIDTHS_MS.len() - 1]);
    let buckets = record.load.timeline(Duration::from_millis(stretch_ms));
    RunData {
        way: run.way.name(),
        title,
        outcome: &run.outcome,
        faults: &run.faults,
        duration_ms: record.load.due_for.as_secs_f64() * 1000.0,
        stretch_ms,
        timeline: buckets.into_iter().map(stretch).collect(),
        pods: &record.pods,
        steps: &record.steps,
        failures: &record.load.failures,
        streams: record.streams.as_ref().map_or(&[], |seen| &seen.load.spans),
    }
}

fn stretch(bucket: Bucket) -> Stretch {
    let hundredths = |ms: f64| (ms * 100.0).round() / 100.0;
    Stretch {
        t: bucket.start_ms,
        n: bucket.requests,
        f: bucket.failed_by_outcome,
        p50: hundredths(bucket.p50_ms),
        p99: hundredths(bucket.p99_ms),
        max: hundredths(bucket.max_ms),
    }
}
