//! Where a step stands: its phase and floor, pushed back by what it needs.

use super::{
    records::{Provider, Records},
    refused::Refused,
};
use crate::{
    change::Subject,
    model::{
        lock::Lock,
        step::{Phase, StepId},
    },
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
        self.move_behind(provider, "which it needs");
    }

    /// Moves what is renamed or dropped behind all that names it, in the order in which it is written: a
    /// step of a later phase, or of an earlier plan, would no longer find it. Gives back those steps.
    pub(super) fn not_before_uses(
        &mut self,
        records: &Records,
        removed: &[Subject],
    ) -> Vec<StepId> {
        let mut users = Vec::new();
        for user in removed.iter().filter_map(|subject| records.last_use(subject)) {
            if user.place() > (self.phase, self.floor) {
                self.move_behind(user, "which names it");
                users.push(user.step.clone());
            }
        }
        users
    }

    fn move_behind(&mut self, provider: &Provider, why: &str) {
        if provider.phase > self.phase {
            self.phase = provider.phase;
            self.reason = format!("{}; after {}, {why}", self.reason, provider.step);
        }
        if self.phase == Phase::Contract {
            self.floor = self.floor.max(provider.floor);
        }
    }
}

/// What comes only in the contract cannot be taken back before: it would hold in the end.
pub(crate) fn taken_back(subject: &Subject, maker: &Provider) -> Result<(), Refused> {
    if maker.phase != Phase::Contract {
        return Ok(());
    }
    Err(Refused::new(
        &rule::stop_between::RULE,
        format!(
            "{} comes with step {}, once no older release serves any more, and this statement would take it \
             back before that",
            subject.plain(),
            maker.step
        ),
        format!(
            "where migration {0:04} has run nowhere yet, leave both statements out; else stop at the release \
             with migration {0:04} until its contract steps are done, and upgrade from there",
            maker.migration
        ),
    ))
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
