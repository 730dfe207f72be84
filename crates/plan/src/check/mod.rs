//! Inspects a finished plan, apart from the planner that made it.
//!
//! Each rule is a law or an invariant of the design; a finding is a bug of the planner, or a plan
//! that was tampered with in the ledger. Called by [`crate::plan`] and by those who read plans back.

use crate::{
    change::Change,
    model::{
        lock::{LockHeld, LockMode},
        plan::{Plan, PlanMode},
        step::{BackfillCheck, Phase, Step, StepId, StepKind, SyncInstall},
    },
};
use std::{collections::BTreeSet, fmt};

#[cfg(test)]
mod tests;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The plan could be run, but something about it is odd.
    Warning,
    /// The plan must not be run.
    Fatal,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The step it is about.
    pub subject: StepId,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}

/// Checks a plan; `pending` are unfinished steps of earlier plans, which may be needed too.
pub fn check(plan: &Plan, pending: &[Step]) -> Vec<Finding> {
    let mut findings = Vec::new();
    identifiers_and_needs(plan, pending, &mut findings);
    let column_changes = column_changes(plan);
    for (at, step) in plan.steps.iter().enumerate() {
        phases(step, &mut findings);
        locks(step, &mut findings);
        if plan.mode == PlanMode::Online {
            backfills(plan, at, step, &mut findings);
            synced_columns(plan, &column_changes, at, step, &mut findings);
        }
    }
    findings
}

fn fatal(step: &Step, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Fatal, subject: step.id.clone(), message: message.into() }
}

/// No id comes twice; steps stand in phase order; what a step needs comes before it.
fn identifiers_and_needs(plan: &Plan, pending: &[Step], findings: &mut Vec<Finding>) {
    let mut seen: BTreeSet<&StepId> = pending.iter().map(|step| &step.id).collect();
    let mut phase = Phase::Expand;
    for step in &plan.steps {
        if step.phase < phase {
            findings.push(fatal(step, "stands after a step of a later phase"));
        }
        phase = step.phase;
        for need in step.needs.iter().filter(|need| !seen.contains(need)) {
            findings.push(fatal(step, format!("needs {need}, which does not come before it")));
        }
        if !seen.insert(&step.id) {
            findings.push(fatal(step, "its id comes twice"));
        }
    }
}

/// Contract steps have a floor, others none; expand steps come before serving.
fn phases(step: &Step, findings: &mut Vec<Finding>) {
    if (step.phase == Phase::Contract) != step.floor.is_some() {
        findings.push(fatal(step, "a contract step, and only that, has a floor"));
    }
    if step.phase == Phase::Expand && !step.before_serving {
        findings.push(fatal(step, "an expand step comes before serving"));
    }
}

/// Nothing that stops reads or writes is held for as long as a step runs; strongest lock first.
fn locks(step: &Step, findings: &mut Vec<Finding>) {
    for lock in &step.locks {
        if lock.mode.blocks_service() && lock.held != LockHeld::Blink {
            findings.push(fatal(
                step,
                format!("holds {} on {} for longer than a blink", lock.mode, lock.relation.plain()),
            ));
        }
        if lock.held == LockHeld::Batch && lock.mode > LockMode::RowExclusive {
            findings.push(fatal(step, "a batch takes no more than ROW EXCLUSIVE"));
        }
    }
    if step.locks.windows(2).any(|pair| pair[0].mode < pair[1].mode) {
        findings.push(fatal(step, "its locks are not listed strongest first"));
    }
}

/// A trigger comes before the backfill of its columns, a check after it.
fn backfills(plan: &Plan, at: usize, step: &Step, findings: &mut Vec<Finding>) {
    let (before, after) = (&plan.steps[..at], &plan.steps[at + 1..]);
    match &step.kind {
        StepKind::SyncInstall(install) => {
            let is_ours = |other: &&Step| match &other.kind {
                StepKind::Backfill(backfill) => {
                    backfill.table == install.table
                        && backfill.set.iter().any(|set| install.columns.contains(&set.column))
                }
                _ => false,
            };
            if before.iter().any(|other| is_ours(&other)) {
                findings.push(fatal(step, "the trigger is installed after the backfill"));
            }
            let Some(backfill) = after.iter().find(is_ours) else {
                findings.push(fatal(step, "no backfill follows the trigger"));
                return;
            };
            let is_check = |other: &Step| {
                matches!(&other.kind, StepKind::BackfillCheck(BackfillCheck(check)) if check.table == install.table)
                    && other.needs.contains(&backfill.id)
            };
            if !after.iter().any(is_check) {
                findings.push(fatal(backfill, "no check follows the backfill"));
            }
            if !after.iter().any(|other| removes(other, install)) {
                findings.push(fatal(step, "no step removes the trigger again"));
            }
        }
        StepKind::BackfillCheck(BackfillCheck(check)) => {
            let filled = before.iter().any(|other| {
                matches!(&other.kind, StepKind::Backfill(fill) if fill.table == check.table
                    && fill.set == check.set)
            });
            if !filled {
                findings.push(fatal(step, "checks what no backfill has filled"));
            }
        }
        _ => {}
    }
}

/// Whether the step removes the trigger, for itself or together with a column that it reads.
fn removes(step: &Step, install: &SyncInstall) -> bool {
    match &step.kind {
        StepKind::SyncDrop(drop) => {
            drop.table == install.table
                && (drop.trigger == install.trigger
                    || drop.other_triggers.contains(&install.trigger))
        }
        _ => false,
    }
}

/// A column that a trigger computes is dropped together with the trigger, and constrained only
/// after the trigger is there.
fn synced_columns(
    plan: &Plan,
    changes: &[(usize, Change)],
    at: usize,
    step: &Step,
    findings: &mut Vec<Finding>,
) {
    let StepKind::SyncInstall(install) = &step.kind else {
        return;
    };
    let gone_at = plan.steps.iter().position(|step| removes(step, install));
    for (other_at, change) in changes {
        let (other, is_before) = (&plan.steps[*other_at], *other_at < at);
        let trigger_gone = gone_at.is_some_and(|gone_at| gone_at <= *other_at);
        match change {
            Change::DropColumn(drop)
                if drop.table == install.table
                    && install.columns.contains(&drop.column)
                    && !trigger_gone =>
            {
                findings.push(fatal(other, "drops a column whose trigger stays"));
            }
            Change::AlterNotNull(alter)
                if alter.not_null
                    && is_before
                    && alter.table == install.table
                    && install.columns.contains(&alter.column) =>
            {
                findings.push(fatal(other, "constrains a column before its trigger is there"));
            }
            _ => {}
        }
    }
}

/// The changes that [`synced_columns`] judges, with the number of their step. Read once for all triggers.
fn column_changes(plan: &Plan) -> Vec<(usize, Change)> {
    let of_step = |(at, step): (usize, &Step)| {
        step.kind.changes().into_iter().map(move |change| (at, change))
    };
    let all = plan.steps.iter().enumerate().flat_map(of_step);
    all.filter(|(_, change)| matches!(change, Change::DropColumn(_) | Change::AlterNotNull(_)))
        .collect()
}
