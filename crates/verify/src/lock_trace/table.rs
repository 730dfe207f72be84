//! The trace as a table: one line for each relation that a step locks.

use super::{LockTrace, StepTrace};
use crate::text_table;
use changeover_plan::{Lock, LockHeld, LockMode};
use std::collections::BTreeMap;

/// The whole of it.
pub(super) fn table(trace: &LockTrace) -> String {
    let mut table = text_table::bare();
    table.set_header(["STEP", "KIND", "STATED", "SEEN", "FINDINGS"]);
    for step in &trace.steps {
        table.add_row([
            step.id.to_string(),
            step.kind.to_owned(),
            lines(step.stated.iter().map(stated)),
            seen(step),
            lines(step.findings.iter().map(ToString::to_string)),
        ]);
    }
    table.trim_fmt()
}

fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("\n")
}

fn stated(lock: &Lock) -> String {
    let held = match lock.held {
        LockHeld::Blink => "a blink",
        LockHeld::Batch => "a batch",
        LockHeld::WholeStep => "the step",
    };
    format!("{} {}, for {held}", lock.relation.plain(), lock.mode)
}

/// The strongest mode for each relation.
fn seen(step: &StepTrace) -> String {
    let mut strongest: BTreeMap<String, LockMode> = BTreeMap::new();
    for lock in &step.observed {
        let mode = strongest.entry(lock.relation.plain()).or_insert(lock.mode);
        *mode = lock.mode.max(*mode);
    }
    lines(strongest.iter().map(|(name, mode)| format!("{name} {mode}")))
}
