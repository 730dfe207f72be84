//! One statement at work: how a rewrite emits steps.
//!
//! What the author's directives say of it: [`super::directed`].
//!
//! [`Work::emit`] is the only way by which a step gets into a plan. It gives the step its id, obeys
//! the directives, adds what the step needs, and moves it to a later phase where what it needs comes
//! only then.

use std::{cell::RefCell, collections::BTreeSet};

use super::{
    draft::Draft,
    placement::{Placement, ordered, stop_between},
    records::Provider,
    refused::Refused,
    state::World,
};
use crate::{
    change::{Change, Effects, Facts, Inverse, Subject},
    model::{
        identifier::QualifiedName,
        lock::{Lock, LockHeld},
        migration::Migration,
        step::{Phase, Step, StepId, StepKind},
    },
    rule,
    sql::{Directives, Statement},
};

/// What playing a step's changes showed.
#[derive(Debug, Default)]
struct Played {
    locks: Vec<Lock>,
    undo: Vec<Change>,
    lost: bool,
}

/// A statement being planned.
#[derive(Debug)]
pub(crate) struct Work<'w> {
    /// The planner's state.
    pub(crate) world: &'w mut World,
    /// The migration.
    pub(crate) migration: &'w Migration,
    /// The statement's number within it, from 1.
    pub(crate) number: usize,
    /// The statement.
    pub(crate) statement: &'w Statement,
    /// Its directives.
    pub(crate) directives: &'w Directives,
    /// How many steps there were before this statement.
    pub(crate) first_step: usize,
    /// Which of the author's permissions some rewrite has asked for.
    pub(crate) consulted: RefCell<BTreeSet<&'static str>>,
}

impl Work<'_> {
    /// The id that a part of this statement gets.
    pub(crate) fn id(&self, part: &str) -> StepId {
        StepId::new(self.migration.number, self.number, part)
    }

    /// The floor of a step that tightens: no older release may write any more.
    pub(crate) fn floor(&self) -> u64 {
        self.migration.number
    }

    /// The floor of a step that takes something away: that of the first release that does without.
    pub(crate) fn unused_floor(&self) -> u64 {
        self.directives.unused_since.unwrap_or(self.migration.number)
    }

    /// Takes steps out of the plan again that another one does instead.
    pub(crate) fn forget(&mut self, steps: &[StepId]) {
        let taken = self.world.records.forget_steps(steps);
        self.first_step = self.first_step.saturating_sub(taken);
    }

    /// Adds a step to the plan and gives back its id.
    pub(crate) fn emit(&mut self, draft: Draft) -> Result<StepId, Refused> {
        let mut placement =
            Placement { phase: draft.phase, floor: draft.floor, reason: draft.reason };
        let changes = draft.kind.changes();
        let effects = changes.iter().map(Change::effects).fold(
            Effects { needs: draft.needs, makes: draft.makes, removes: Vec::new() },
            Effects::and,
        );
        let mut needs = self.needed(draft.needs_steps, &effects.needs, &mut placement);
        needs.extend(placement.not_before_uses(&self.world.records, &effects.removes));
        self.obey(&mut placement)?;
        for subject in &effects.makes {
            if let Some(remover) = self.world.records.removed(subject) {
                stop_between(subject, remover, placement.phase)?;
                needs.push(remover.step.clone());
            }
        }
        needs.sort();
        needs.dedup();
        let played = self.play(&changes, draft.kind.course().is_short())?;
        let own = draft.kind.locks();
        let locks = ordered(draft.locks.into_iter().chain(own).chain(played.locks).collect());
        let undo = if draft.undo.is_empty() { played.undo } else { draft.undo };
        let undo_locks = self.locks_of(&undo);
        let lost = played.lost || draft.kind.is_lost();
        if draft.joins && self.joinable(&placement) {
            let back = (undo, undo_locks, lost);
            let step = self.join(draft.title, &placement.reason, draft.kind, locks, needs, back);
            self.record(&step, effects);
            return Ok(step);
        }
        let step = Step {
            id: self.unique_id(&draft.part),
            migration: self.migration.number,
            file: self.migration.file.clone(),
            line: self.statement.line,
            title: draft.title,
            phase: placement.phase,
            before_serving: placement.phase == Phase::Expand
                || (self.directives.before_serving && placement.phase == Phase::Online),
            requires: draft.kind.requires(),
            floor: placement.floor.filter(|_| placement.phase == Phase::Contract),
            needs,
            locks,
            reason: placement.reason,
            kind: draft.kind,
            undo,
            undo_locks,
            lost,
        };
        let id = step.id.clone();
        self.world.records.steps.push(step);
        self.record(&id, effects);
        Ok(id)
    }

    /// Plays a step's changes on the catalog. Gives back the locks that they take in a transaction,
    /// and the way back.
    fn play(&mut self, changes: &[Change], in_transaction: bool) -> Result<Played, Refused> {
        let mut played = Played::default();
        for change in changes {
            let catalog = &self.world.catalog;
            let facts = change.facts(catalog);
            match change.invert(catalog) {
                Inverse::By(back) => played.undo.splice(0..0, back).for_each(drop),
                Inverse::Stays => {}
                Inverse::Lost => played.lost = true,
            }
            if in_transaction {
                self.leaves_rows_alone(&facts)?;
                let locks = facts.locks.into_iter();
                played.locks.extend(locks.map(|(relation, mode)| Lock {
                    relation,
                    mode,
                    held: LockHeld::Blink,
                }));
            }
            self.world.apply(change);
        }
        Ok(played)
    }

    /// The locks that changes take in a transaction, on the catalog as it is by now.
    fn locks_of(&self, changes: &[Change]) -> Vec<Lock> {
        let facts = changes.iter().map(|change| change.facts(&self.world.catalog));
        let short = facts.filter(|facts| !facts.outside_transaction);
        let locks = short.flat_map(|facts| facts.locks);
        let held = LockHeld::Blink;
        ordered(locks.map(|(relation, mode)| Lock { relation, mode, held }).collect())
    }

    /// The last net: no rewrite of a statement may let through what reads or writes out a table that
    /// releases use, under a lock that stops them.
    fn leaves_rows_alone(&self, facts: &Facts) -> Result<(), Refused> {
        let used = |table: &&QualifiedName| !self.world.is_new(table);
        let (table, what) = if let Some(table) = facts.rewrites.iter().find(used) {
            (table, "writes out")
        } else if let Some(table) = facts.scans.iter().find(used) {
            (table, "reads")
        } else {
            return Ok(());
        };
        Err(Refused::new(
            &rule::rewrites_table::RULE,
            format!("it {what} the whole of {} under a lock that others wait for", table.plain()),
            "split it into statements of the forms that the guide lists, or run the upgrade at \
             once, with no older release serving",
        ))
    }

    /// The steps that must come first; the placement is moved to where they are done.
    fn needed(
        &self,
        steps: Vec<StepId>,
        subjects: &[Subject],
        placement: &mut Placement,
    ) -> Vec<StepId> {
        let records = &self.world.records;
        let mut needs = steps.clone();
        for provider in subjects.iter().filter_map(|subject| records.made(subject)) {
            placement.not_before(provider);
            needs.push(provider.step.clone());
        }
        for found in steps.iter().filter_map(|id| records.step(id)) {
            placement.not_before(&Provider::of(found));
        }
        needs
    }

    /// Remembers what a step names, makes and removes.
    fn record(&mut self, id: &StepId, effects: Effects) {
        let Some(step) = self.world.records.step(id) else {
            return;
        };
        let provider = Provider::of(step);
        for subject in effects.needs {
            self.world.records.note_use(subject, &provider);
        }
        for subject in effects.makes {
            self.world.records.make(subject, &provider);
        }
        for subject in effects.removes {
            self.world.records.remove(subject, &provider);
        }
    }

    /// Whether the same statement's last step can take one more catalog change.
    fn joinable(&self, placement: &Placement) -> bool {
        self.world.records.steps[self.first_step..].last().is_some_and(|last| {
            last.phase == placement.phase
                && last.floor == placement.floor.filter(|_| placement.phase == Phase::Contract)
                && matches!(last.kind, StepKind::Ddl(_))
        })
    }

    /// Adds a catalog change to the same statement's last step.
    fn join(
        &mut self,
        title: String,
        reason: &str,
        kind: StepKind,
        locks: Vec<Lock>,
        needs: Vec<StepId>,
        (undo, undo_locks, lost): (Vec<Change>, Vec<Lock>, bool),
    ) -> StepId {
        let number = self.world.records.steps.len() - 1;
        let last = &mut self.world.records.steps[number];
        if let (StepKind::Ddl(into), StepKind::Ddl(ddl)) = (&mut last.kind, kind) {
            into.changes.extend(ddl.changes);
        }
        last.title = format!("{}, {title}", last.title);
        if last.reason != reason {
            last.reason = format!("{}; {reason}", last.reason);
        }
        last.needs.extend(needs);
        last.needs.retain(|need| need != &last.id);
        last.needs.sort();
        last.needs.dedup();
        last.locks.extend(locks);
        last.locks = ordered(std::mem::take(&mut last.locks));
        last.undo.splice(0..0, undo);
        last.undo_locks.extend(undo_locks);
        last.undo_locks = ordered(std::mem::take(&mut last.undo_locks));
        last.lost |= lost;
        last.id.clone()
    }

    /// The part's id, numbered where the statement has several of them.
    fn unique_id(&self, part: &str) -> StepId {
        let own = self.world.records.steps.get(self.first_step..).unwrap_or_default();
        (1..)
            .map(|number: u32| match number {
                1 => self.id(part),
                _ => self.id(&format!("{part}_{number}")),
            })
            .find(|id| !own.iter().any(|step| &step.id == id))
            .unwrap_or_else(|| self.id(part))
    }
}
