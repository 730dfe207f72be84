//! What is new between two looks at the ledger.

use crate::view::{figures, step, style};
use changeover::status::{Event, Status, StepStatus};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeMap;

/// Events that the steps' own states tell already.
const TOLD_BY_STEPS: [&str; 1] = ["step_failed"];

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct Changes {
    states: BTreeMap<String, String>,
    last_event_at: Option<Timestamp>,
}

impl Changes {
    /// Counts everything in `baseline` as told.
    pub(super) fn since(baseline: Option<&Status>) -> Self {
        let mut changes = Self::default();
        if let Some(status) = baseline {
            changes.take(status);
        }
        changes
    }

    /// The lines to tell, without time, oldest first. Then they count as told.
    pub(super) fn take(&mut self, status: &Status) -> Vec<String> {
        let mut lines: Vec<String> = status
            .events
            .iter()
            .filter(|event| self.is_new(event))
            .filter_map(event_line)
            .collect();
        self.last_event_at =
            status.events.iter().map(|event| event.at).max().or(self.last_event_at);
        for step in &status.steps {
            let before = self.states.insert(step.id.clone(), step.state.clone());
            if before.as_deref() != Some(step.state.as_str()) {
                lines.extend(step_line(step));
            }
        }
        lines
    }

    fn is_new(&self, event: &Event) -> bool {
        self.last_event_at.is_none_or(|last| event.at > last)
    }
}

/// The time of the database's clock, in the reader's time zone.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

fn event_line(event: &Event) -> Option<String> {
    if TOLD_BY_STEPS.contains(&event.kind.as_str()) {
        return None;
    }
    let kind = event.kind.replace('_', " ");
    Some(match &event.step {
        Some(id) => format!("{} {id}  {kind}: {}", style::paint(style::WARNING, "!"), event.detail),
        None => format!("· {kind}: {}", event.detail),
    })
}

fn step_line(step: &StepStatus) -> Option<String> {
    let what = match step.state.as_str() {
        "running" => String::new(),
        "done" => step::took(step).map(|took| format!("  ({})", figures::time(took)))?,
        "failed" => format!(": {}", step.error.as_deref().unwrap_or("no reason was recorded")),
        // A step that is new or pending again is no news.
        _ => return None,
    };
    let state = if step.state == "running" { "begins" } else { step.state.as_str() };
    Some(format!("{} {}  {state}  {}{what}", step::sign(step), step.id, step.title))
}
