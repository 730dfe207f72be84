//! One step's state in words, for the status, the progress lines and the summary of a run.

use super::{figures, style};
use changeover::status::{ProgressStatus, StepStatus};
use std::time::Duration;

/// The sign before a step, in colour; one character wide.
pub(crate) fn sign(step: &StepStatus) -> String {
    match step.state.as_str() {
        "done" => style::paint(style::DONE, "✓"),
        "running" => style::paint(style::RUNNING, "▶"),
        "failed" => style::paint(style::ERROR, "✗"),
        _ => style::paint(style::FAINT, "·"),
    }
}

/// What counts in a step's progress: `rows` of a table, or what the server counts of a build.
fn unit(step: &StepStatus) -> &'static str {
    match step.kind.as_str() {
        "backfill" | "backfill_check" => " rows",
        _ => "",
    }
}

/// How far, how fast and for how long yet: `43 %  860,000 of 2,000,000 rows  12,000/s  1 min left`.
pub(crate) fn progress(step: &StepStatus, progress: &ProgressStatus) -> String {
    let mut parts = vec![
        format!("{:>3} %", figures::percent(progress.share())),
        format!(
            "{} of {}{}",
            figures::count(progress.done),
            // The total is what the server believes; more may turn up.
            figures::count(progress.total.max(progress.done)),
            unit(step)
        ),
    ];
    parts.extend(speed(progress));
    parts.join("  ")
}

/// How fast and for how long yet; nothing while unknown.
pub(crate) fn speed(progress: &ProgressStatus) -> Vec<String> {
    let rate = progress.rate();
    let mut parts = Vec::new();
    if rate >= 1.0 {
        parts.push(format!("{}/s", figures::count(rounded(rate))));
    }
    if let Some(left) = progress.seconds_left().and_then(figures::time_left)
        && progress.done < progress.total
    {
        parts.push(format!("{left} left"));
    }
    parts
}

/// For how long a step was (or is) worked at.
pub(crate) fn took(step: &StepStatus) -> Option<Duration> {
    let took = step.finished_at?.duration_since(step.started_at?);
    // A clock that was set back is none of the reader's worries.
    Some(Duration::try_from(took).unwrap_or_default())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people")]
fn rounded(rate: f64) -> u64 {
    rate.round() as u64
}
