//! Work under a term: chosen from the ledger, done in a transaction, fenced, committed.
//!
//! Guard and commit are sent together, so the server runs both whatever becomes of the client. Before
//! that a lost client ends the transaction; since that only gives locks back, it is at once.

use crate::floor;
use crate::guard::Guard;
use crate::state::{Backend, Driver, Index, Instance, NEW_HEAD, State, Term, Work};
use crate::upgrade::Upgrade;

/// What the ledger says is to be done next.
pub(crate) fn choose(model: &Upgrade, state: &State, at: Instance) -> Option<Work> {
    let database = &state.database;
    if model.is_old(at) && !model.has(Guard::FloorTakesGreater) {
        return database.planned.then_some(Work::RaiseToOlder);
    }
    if model.is_old(at) && (model.has(Guard::OlderReleaseKeepsOut) || !database.planned) {
        return None;
    }
    Some(match database {
        database if !database.planned => Work::Plan,
        database if !database.expand_recorded => Work::Expand,
        database if !database.index_recorded => Work::Index,
        database if database.floor < NEW_HEAD && floor::below(model, state) => return None,
        database if database.floor < NEW_HEAD => Work::Raise,
        database if !database.contracted => Work::Contract,
        _ => return None,
    })
}

pub(crate) fn look(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let Driver::Working { term } = next.drivers[usize::from(at)] else {
        return None;
    };
    let work = choose(model, next, at)?;
    next.drivers[usize::from(at)] = Driver::Chosen { term, work };
    Some(())
}

/// Whether locks that this work needs are held by another transaction or build.
fn is_locked(model: &Upgrade, state: &State, work: Work) -> bool {
    let table = |work| matches!(work, Work::Expand | Work::Contract);
    let app_row = |work| matches!(work, Work::Plan | Work::RaiseToOlder);
    if app_row(work) && (floor::row_is_changed(model, state) || floor::row_is_shared(model, state))
    {
        return true;
    }
    state.terms.iter().any(|term| match term.backend.transaction() {
        Some(other) => other == work || (table(other) && table(work)),
        None => table(work) && term.backend == Backend::Building,
    })
}

fn is_recorded(state: &State, work: Work) -> bool {
    match work {
        Work::Plan => state.database.planned,
        Work::Expand => state.database.expand_recorded,
        Work::Index => state.database.index_recorded,
        Work::Contract => state.database.contracted,
        Work::RecordExpand | Work::Raise | Work::RaiseToOlder => false,
    }
}

/// Whether the index counts as built. `IF NOT EXISTS` would take an invalid one for it.
fn index_counts_as_built(model: &Upgrade, state: &State) -> bool {
    match state.database.index {
        Index::Valid => true,
        Index::Invalid => !model.has(Guard::IndexInspected),
        Index::Absent => false,
    }
}

pub(crate) fn execute(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let (term, work) = match next.drivers[usize::from(at)] {
        Driver::Cleared { term } => (term, Work::Contract),
        Driver::Chosen { term, work: Work::Index } if index_counts_as_built(model, next) => {
            (term, Work::Index)
        }
        Driver::Chosen {
            term,
            work: work @ (Work::Plan | Work::Expand | Work::RecordExpand | Work::RaiseToOlder),
        } => (term, work),
        _ => return None,
    };
    if next.terms[usize::from(term)].backend != Backend::Idle || is_locked(model, next, work) {
        return None;
    }
    let done = model.has(Guard::OpenStepsReadUnderTerm) && is_recorded(next, work);
    let gate = work == Work::Contract && model.has(Guard::ContractGate);
    if done || (gate && (next.database.floor < NEW_HEAD || floor::below(model, next))) {
        next.drivers[usize::from(at)] = Driver::Working { term };
        return Some(());
    }
    next.terms[usize::from(term)].backend = Backend::Open(work);
    next.drivers[usize::from(at)] = Driver::Chosen { term, work };
    Some(())
}

pub(crate) fn send_commit(next: &mut State, at: Instance) -> Option<()> {
    let Driver::Chosen { term, work } = next.drivers[usize::from(at)] else {
        return None;
    };
    let backend = &mut next.terms[usize::from(term)].backend;
    match *backend {
        Backend::Open(Work::Raise) => return None,
        Backend::Open(_) | Backend::Counted => {}
        _ => return None,
    }
    *backend = Backend::CommitSent(work);
    next.drivers[usize::from(at)] = Driver::Waiting { term, work };
    Some(())
}

pub(crate) fn fence(model: &Upgrade, next: &mut State, term: Term) -> Option<()> {
    let Backend::CommitSent(work) = next.terms[usize::from(term)].backend else {
        return None;
    };
    let passes = !model.has(Guard::FenceAtCommit) || is_own(model, next, term);
    next.terms[usize::from(term)].backend = match waiting_for(next, term) {
        _ if passes => Backend::Guarded(work),
        Some(_) => Backend::Fenced,
        None => Backend::Gone,
    };
    Some(())
}

/// Whether the term's row still says what a holder shows to the guard.
pub(crate) fn is_own(model: &Upgrade, state: &State, term: Term) -> bool {
    let same_number = state.database.epoch == state.terms[usize::from(term)].epoch;
    let same_holder = state.database.holder == Some(term);
    same_number && (same_holder || !model.has(Guard::FenceComparesHolder))
}

/// The process that waits for this term's backend.
pub(crate) fn waiting_for(state: &State, term: Term) -> Option<usize> {
    state.drivers.iter().position(|driver| driver.attached_to() == Some(term))
}

pub(crate) fn learn_fenced(next: &mut State, at: Instance) -> Option<()> {
    let term = next.drivers[usize::from(at)].attached_to()?;
    let backend = &mut next.terms[usize::from(term)].backend;
    if *backend != Backend::Fenced {
        return None;
    }
    *backend = Backend::Gone;
    next.drivers[usize::from(at)] = Driver::Idle;
    Some(())
}

pub(crate) fn commit(model: &Upgrade, next: &mut State, term: Term) -> Option<()> {
    let Backend::Guarded(work) = next.terms[usize::from(term)].backend else {
        return None;
    };
    let instance = next.terms[usize::from(term)].instance;
    next.broken.commit_after_grant |= next.database.latest != Some(term);
    next.broken.older_wrote_ledger |= model.is_old(instance) && work != Work::RaiseToOlder;
    take_effect(model, next, work);
    next.database.before_grant = None;
    let waiting = waiting_for(next, term);
    next.terms[usize::from(term)].backend =
        if waiting.is_some() { Backend::Idle } else { Backend::Gone };
    if let Some(at) = waiting {
        let record_next = work == Work::Expand && !model.has(Guard::RecordedWithEffect);
        next.drivers[at] = if record_next {
            Driver::Chosen { term, work: Work::RecordExpand }
        } else {
            Driver::Working { term }
        };
    }
    Some(())
}

fn take_effect(model: &Upgrade, next: &mut State, work: Work) {
    let database = &mut next.database;
    match work {
        Work::Plan => database.planned = true,
        Work::Expand => {
            database.expand_applied += 1;
            database.expand_recorded |= model.has(Guard::RecordedWithEffect);
        }
        Work::RecordExpand => database.expand_recorded = true,
        Work::Index => database.index_recorded = true,
        Work::Raise => database.floor = NEW_HEAD,
        Work::RaiseToOlder if model.has(Guard::FloorTakesGreater) => {}
        Work::RaiseToOlder => {
            next.broken.floor_sank |= database.floor > 1;
            database.floor = 1;
        }
        Work::Contract => database.contracted = true,
    }
}
