//! Where a step stands: its phase and floor, pushed back by what it needs.

use super::{records::Provider, refused::Refused};
use crate::{
    change::Subject,
    model::{lock::Lock, step::Phase},
    rule,
};

/// Strongest first, each relation once for each way of holding it.
pub(super) fn ordered(mut locks: Vec<Lock>) -> Vec<Lock> {
    locks.sort_by(|a, b| b.mode.cmp(&a.mode).then_with(|| a.relation.cmp(&b.relation)));
    let mut kept: Vec<Lock> = Vec::new();
    for lock in locks {
        let covered =
            kept.iter().any(|other| other.relation == lock.relation && other.held == lock.held);
        if !covered {
            kept.push(lock);
        }
    }
    kept
}

/// Where a step stands and why.
pub(super) struct Placement {
    pub(super) phase: Phase,
    pub(super) floor: Option<u64>,
    pub(super) reason: String,
}

impl Placement {
    /// Moves to the phase and floor of something that must come first.
    pub(super) fn not_before(&mut self, provider: &Provider) {
        if provider.phase > self.phase {
            self.phase = provider.phase;
            self.reason = format!("{}; after {}, which it needs", self.reason, provider.step);
        }
        if self.phase == Phase::Contract {
            self.floor = self.floor.max(provider.floor);
        }
    }
}

/// A name that is dropped in contract cannot be used again before.
pub(super) fn stop_between(
    subject: &Subject,
    remover: &Provider,
    phase: Phase,
) -> Result<(), Refused> {
    if remover.phase <= phase {
        return Ok(());
    }
    let what = subject.plain();
    Err(Refused::new(
        &rule::stop_between::RULE,
        format!(
            "{what} is dropped by step {} only once no older release needs it, but is created again \
             before that",
            remover.step
        ),
        format!(
            "give the new one another name, or stop at the release with migration {:04} until its \
             contract steps are done, and upgrade from there",
            remover.migration
        ),
    ))
}
