//! The online step: an index built outside transactions.
//!
//! What was sent may begin much later, and goes on without its client. Builds and drops of one
//! table's indexes exclude each other, and a build excludes catalog changes.

use crate::guard::Guard;
use crate::state::{Backend, Driver, Index, Instance, State, Term, Work};
use crate::step::waiting_for;
use crate::upgrade::Upgrade;

pub(crate) fn send_build(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let Driver::Chosen { term, work: Work::Index } = next.drivers[usize::from(at)] else {
        return None;
    };
    let backend = &mut next.terms[usize::from(term)].backend;
    if *backend != Backend::Idle {
        return None;
    }
    *backend = match next.database.index {
        Index::Absent => Backend::BuildSent,
        Index::Invalid if model.has(Guard::IndexInspected) => Backend::DropSent,
        Index::Invalid | Index::Valid => return None,
    };
    next.drivers[usize::from(at)] = Driver::Waiting { term, work: Work::Index };
    Some(())
}

/// Whether somebody else builds, or holds the table for a catalog change.
fn table_is_busy(state: &State) -> bool {
    state.terms.iter().any(|term| {
        term.backend == Backend::Building
            || matches!(term.backend.transaction(), Some(Work::Expand | Work::Contract))
    })
}

/// What a statement outside transactions has changed cannot be taken back by a guard.
fn took_effect(next: &mut State, term: Term) {
    let later = usize::from(term) + 1;
    next.broken.statement_after_takeover |=
        next.terms[later..].iter().any(|term| term.backend != Backend::Unopened);
    next.database.before_grant = None;
}

/// The statement is over: its client goes on, or the backend ends for want of one.
fn answer(next: &mut State, term: Term) {
    let waiting = waiting_for(next, term);
    next.terms[usize::from(term)].backend =
        if waiting.is_some() { Backend::Idle } else { Backend::Gone };
    if let Some(at) = waiting {
        next.drivers[at] = Driver::Chosen { term, work: Work::Index };
    }
}

pub(crate) fn begin_build(next: &mut State, term: Term) -> Option<()> {
    if next.terms[usize::from(term)].backend != Backend::BuildSent || table_is_busy(next) {
        return None;
    }
    if next.database.index == Index::Absent {
        took_effect(next, term);
        next.database.index = Index::Invalid;
        next.terms[usize::from(term)].backend = Backend::Building;
    } else {
        // The name is taken: the statement fails, and the engine looks again.
        answer(next, term);
    }
    Some(())
}

pub(crate) fn end_build(next: &mut State, term: Term) -> Option<()> {
    if next.terms[usize::from(term)].backend != Backend::Building {
        return None;
    }
    took_effect(next, term);
    next.database.index = Index::Valid;
    answer(next, term);
    Some(())
}

pub(crate) fn drop_leftover(next: &mut State, term: Term) -> Option<()> {
    if next.terms[usize::from(term)].backend != Backend::DropSent || table_is_busy(next) {
        return None;
    }
    if next.database.index != Index::Absent {
        took_effect(next, term);
        next.database.index = Index::Absent;
    }
    answer(next, term);
    Some(())
}
