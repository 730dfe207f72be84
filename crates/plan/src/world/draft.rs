//! A step before it is emitted: what a rewrite says of it.

use crate::{
    change::{Change, Subject},
    model::{
        identifier::QualifiedName,
        lock::{Lock, LockHeld, LockMode},
        step::{Ddl, Phase, StepId, StepKind},
    },
};

/// A step before it is emitted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(super) part: String,
    pub(super) title: String,
    pub(super) phase: Phase,
    pub(super) floor: Option<u64>,
    pub(super) needs: Vec<Subject>,
    pub(super) needs_steps: Vec<StepId>,
    pub(super) makes: Vec<Subject>,
    pub(super) locks: Vec<Lock>,
    pub(super) reason: String,
    pub(super) kind: StepKind,
    pub(super) undo: Vec<Change>,
    pub(super) joins: bool,
}

impl Draft {
    /// Begins a step.
    pub(crate) fn new(part: &str, phase: Phase, title: impl Into<String>, kind: StepKind) -> Self {
        Self {
            part: part.to_owned(),
            title: title.into(),
            phase,
            floor: None,
            needs: Vec::new(),
            needs_steps: Vec::new(),
            makes: Vec::new(),
            locks: Vec::new(),
            reason: String::new(),
            kind,
            undo: Vec::new(),
            joins: false,
        }
    }

    /// Joins the same statement's step before it, if that is of the same kind and phase: several
    /// actions of one `ALTER TABLE` need its lock only once.
    pub(crate) fn joins(mut self) -> Self {
        self.joins = true;
        self
    }

    /// Begins a step of catalog changes. Its locks, its way back and what it makes follow from them.
    pub(crate) fn ddl(
        part: &str,
        phase: Phase,
        title: impl Into<String>,
        changes: Vec<Change>,
    ) -> Self {
        Self::new(part, phase, title, StepKind::Ddl(Ddl { changes }))
    }

    /// Adds a lock.
    pub(crate) fn lock(mut self, relation: &QualifiedName, mode: LockMode, held: LockHeld) -> Self {
        self.locks.push(Lock { relation: relation.clone(), mode, held });
        self
    }

    /// Says why.
    pub(crate) fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Says how it is undone, where that does not follow from its changes.
    pub(crate) fn undo(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.undo.extend(changes);
        self
    }

    /// Needs the step that makes the subject, if there is one.
    pub(crate) fn needs(mut self, subject: Subject) -> Self {
        self.needs.push(subject);
        self
    }

    /// Needs a step.
    pub(crate) fn after(mut self, step: &StepId) -> Self {
        self.needs_steps.push(step.clone());
        self
    }

    /// Makes something that later steps may need.
    pub(crate) fn makes(mut self, subject: Subject) -> Self {
        self.makes.push(subject);
        self
    }

    /// The floor of a contract step.
    pub(crate) fn floor(mut self, floor: u64) -> Self {
        self.floor = Some(floor);
        self
    }
}
