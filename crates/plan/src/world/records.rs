//! The steps so far and what they do, which can be put back to what they were before a statement.
//!
//! A statement may be refused after it has emitted steps. A copy before each statement would make planning
//! a long history take its square, so [`Records::begin`] only remembers where the lists ended, and what the
//! maps held is kept as it is overwritten. [`Records::take_back`] undoes both.

use crate::{
    change::Subject,
    model::{
        identifier::{Identifier, QualifiedName},
        step::{Phase, Step, StepId},
    },
};
use std::collections::BTreeMap;

/// The step that makes or removes a subject.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// The step.
    pub(crate) step: StepId,
    /// Its phase.
    pub(crate) phase: Phase,
    /// Its floor.
    pub(crate) floor: Option<u64>,
    /// The migration it belongs to.
    pub(crate) migration: u64,
}

impl Provider {
    /// The step as a provider.
    pub(crate) fn of(step: &Step) -> Self {
        Self {
            step: step.id.clone(),
            phase: step.phase,
            floor: step.floor,
            migration: step.migration,
        }
    }

    /// When it runs, as far as that is known at plan: later ones are greater.
    pub(crate) fn place(&self) -> (Phase, Option<u64>) {
        (self.phase, self.floor)
    }
}

/// A sync trigger of this plan.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    /// The table.
    pub(crate) table: QualifiedName,
    /// The trigger.
    pub(crate) trigger: Identifier,
    /// The columns that it computes.
    pub(crate) columns: Vec<Identifier>,
    /// The columns that it reads.
    pub(crate) reads: Vec<Identifier>,
    /// The columns that it never leaves NULL.
    pub(crate) never_null: Vec<Identifier>,
    /// The step that removes it.
    pub(crate) drop_step: StepId,
    /// The statements that remove it.
    pub(crate) drop_statements: Vec<String>,
}

/// The steps so far and what they do.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// The steps. A statement changes its own only.
    pub(crate) steps: Vec<Step>,
    /// Sync triggers that this plan installs.
    syncs: Vec<Sync>,
    made: BTreeMap<Subject, Provider>,
    removed: BTreeMap<Subject, Provider>,
    /// The last step that names it.
    used: BTreeMap<Subject, Provider>,
    before: Before,
}

/// What the statement at work has changed.
#[derive(Debug, Default)]
struct Before {
    steps: usize,
    syncs: usize,
    /// The lists as they were, where something was taken out of them.
    whole_steps: Option<Vec<Step>>,
    whole_syncs: Option<Vec<Sync>>,
    /// What the maps held, the oldest entry first.
    made: Vec<(Subject, Option<Provider>)>,
    removed: Vec<(Subject, Option<Provider>)>,
    used: Vec<(Subject, Option<Provider>)>,
}

impl Records {
    /// Begins a statement. Gives back how many steps there are.
    pub(crate) fn begin(&mut self) -> usize {
        let (steps, syncs) = (self.steps.len(), self.syncs.len());
        self.before = Before { steps, syncs, ..Before::default() };
        steps
    }

    /// Puts everything back to what it was when the statement began.
    pub(crate) fn take_back(&mut self) {
        let before = std::mem::take(&mut self.before);
        if let Some(steps) = before.whole_steps {
            self.steps = steps;
        }
        if let Some(syncs) = before.whole_syncs {
            self.syncs = syncs;
        }
        self.steps.truncate(before.steps);
        self.syncs.truncate(before.syncs);
        put_back(&mut self.made, before.made);
        put_back(&mut self.removed, before.removed);
        put_back(&mut self.used, before.used);
    }

    /// A step of this plan. Looked for from the end: it mostly is one of the last.
    pub(crate) fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().rfind(|step| &step.id == id)
    }

    /// Which step makes it.
    pub(crate) fn made(&self, subject: &Subject) -> Option<&Provider> {
        self.made.get(subject)
    }

    /// Which step removes it.
    pub(crate) fn removed(&self, subject: &Subject) -> Option<&Provider> {
        self.removed.get(subject)
    }

    /// The last step that names the subject, or what goes with it.
    pub(crate) fn last_use(&self, subject: &Subject) -> Option<&Provider> {
        let uses = self.used.iter().filter(|(used, _)| used.goes_with(subject));
        uses.map(|(_, provider)| provider).max_by_key(|provider| provider.place())
    }

    /// The step names it.
    pub(crate) fn note_use(&mut self, subject: Subject, provider: &Provider) {
        let known = self.used.get(&subject);
        if known.is_none_or(|known| known.place() < provider.place()) {
            let before = self.used.insert(subject.clone(), provider.clone());
            self.before.used.push((subject, before));
        }
    }

    /// The step makes it.
    pub(crate) fn make(&mut self, subject: Subject, provider: &Provider) {
        let before = self.made.insert(subject.clone(), provider.clone());
        self.before.made.push((subject, before));
    }

    /// The step removes it.
    pub(crate) fn remove(&mut self, subject: Subject, provider: &Provider) {
        let before = self.made.remove(&subject);
        self.before.made.push((subject.clone(), before));
        let before = self.removed.insert(subject.clone(), provider.clone());
        self.before.removed.push((subject, before));
    }

    /// The sync triggers that this plan installs.
    pub(crate) fn syncs(&self) -> &[Sync] {
        &self.syncs
    }

    /// Adds a sync trigger.
    pub(crate) fn add_sync(&mut self, sync: Sync) {
        self.syncs.push(sync);
    }

    /// Changes a step of an earlier statement, which stands at this place.
    pub(crate) fn change_step(&mut self, at: usize, change: impl FnOnce(&mut Step)) {
        self.before.whole_steps.get_or_insert_with(|| self.steps.clone());
        change(&mut self.steps[at]);
    }

    /// Forgets sync triggers that go together with something else.
    pub(crate) fn forget_syncs(&mut self, triggers: &[Identifier]) {
        if self.syncs.iter().any(|sync| triggers.contains(&sync.trigger)) {
            self.before.whole_syncs.get_or_insert_with(|| self.syncs.clone());
            self.syncs.retain(|sync| !triggers.contains(&sync.trigger));
        }
    }

    /// Takes steps out of the plan again. Gives back how many.
    pub(crate) fn forget_steps(&mut self, ids: &[StepId]) -> usize {
        let before = self.steps.len();
        if !ids.is_empty() {
            self.before.whole_steps.get_or_insert_with(|| self.steps.clone());
            self.steps.retain(|step| !ids.contains(&step.id));
            let uses = self.used.iter().filter(|(_, provider)| ids.contains(&provider.step));
            let gone: Vec<Subject> = uses.map(|(subject, _)| subject.clone()).collect();
            for subject in gone {
                let before = self.used.remove(&subject);
                self.before.used.push((subject, before));
            }
        }
        before - self.steps.len()
    }
}

fn put_back(map: &mut BTreeMap<Subject, Provider>, before: Vec<(Subject, Option<Provider>)>) {
    for (subject, provider) in before.into_iter().rev() {
        match provider {
            Some(provider) => map.insert(subject, provider),
            None => map.remove(&subject),
        };
    }
}
