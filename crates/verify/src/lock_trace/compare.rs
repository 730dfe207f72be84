//! Holds what was seen against what the plan states. Pure.

use super::{LockFinding, observed::Observed, relations::Relations};
use changeover_plan::{Course, LockHeld, LockMode, Step, StepKind};

/// What a statement of a service takes itself, or less: nobody waits for it, so it need not be stated.
const HARMLESS: LockMode = LockMode::RowExclusive;

/// All that is wrong with a step's statement of its locks.
pub(super) fn compare(
    step: &Step,
    observed: &Observed,
    before: &Relations,
    after: &Relations,
) -> Vec<LockFinding> {
    let mut findings = claims(step);
    for ((oid, mode), sight) in &observed.sights {
        // What the step has made itself, catalogs and the ledger are nobody's to wait for.
        let Some(relation) = before.name(*oid) else {
            continue;
        };
        if is_index_being_dropped(step, relation) {
            continue;
        }
        let relation = relation.clone();
        if sight.across_wait && mode.blocks_service() {
            findings.push(LockFinding::HeldAcrossWait { relation: relation.clone(), mode: *mode });
        }
        match before.stated(*oid, &step.locks) {
            Some(stated) if stated.mode >= *mode => {}
            Some(stated) => findings.push(LockFinding::Stronger {
                relation,
                stated: stated.mode,
                observed: *mode,
            }),
            None if *mode <= HARMLESS => {}
            None => findings.push(LockFinding::Unstated { relation, observed: *mode }),
        }
    }
    let rewritten = before.rewritten(after).into_iter();
    findings.extend(rewritten.map(|relation| LockFinding::Rewritten { relation }));
    findings
}

/// `DROP INDEX CONCURRENTLY` takes `ACCESS EXCLUSIVE` on the index at its end, when no statement can
/// know of it any more: nobody can wait for that.
fn is_index_being_dropped(step: &Step, relation: &changeover_plan::QualifiedName) -> bool {
    matches!(&step.kind, StepKind::IndexDrop(drop) if !drop.partitioned && &drop.drop.index == relation)
}

/// What is wrong with the claims alone: only a step in one short transaction may hold a lock that
/// stops a service, and only for a blink.
fn claims(step: &Step) -> Vec<LockFinding> {
    let is_short = match step.kind.course() {
        // The index of the parent, and attaching: blinks between the builds.
        Course::IndexBuild(build) => build.partitioned,
        // Nobody serves.
        Course::Script(_) => return Vec::new(),
        course => course.is_short(),
    };
    step.locks
        .iter()
        .filter(|lock| lock.mode.blocks_service())
        .filter(|lock| !is_short || lock.held != LockHeld::Blink)
        .map(|lock| LockFinding::NotABlink {
            relation: lock.relation.clone(),
            mode: lock.mode,
            held: lock.held,
        })
        .collect()
}
