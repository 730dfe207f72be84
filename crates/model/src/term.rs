//! The term: granted, its predecessor ended, its working backend registered, given back.
//!
//! A lease may run out at any moment, so a grant asks for nothing but the lock on the term's row.
//! Ending a backend is one transition: the one that ends it waits until it is gone, and what it does
//! until then is what it could have done just before.

use crate::guard::Guard;
use crate::state::{Backend, BeforeGrant, Driver, Instance, State, Term};
use crate::step;
use crate::upgrade::Upgrade;

/// Whether an instance tries to get the term at all, from what it reads without holding it.
fn competes(model: &Upgrade, state: &State, at: Instance) -> bool {
    let database = &state.database;
    // An operator's `finalize` with the older program does not ask what there is to do. With the
    // greater floor taken it changes nothing, so it is left out then.
    let finalizes = !model.has(Guard::FloorTakesGreater);
    let keeps_out = model.has(Guard::OlderReleaseKeepsOut) && !finalizes;
    let is_kept_out = model.is_old(at) && keeps_out && database.planned;
    !database.contracted && !is_kept_out
}

fn reads_before_granting(model: &Upgrade) -> bool {
    !(model.has(Guard::GrantInOneStatement)
        && model.has(Guard::GrantReadsLockedBackend)
        && model.has(Guard::OpenStepsReadUnderTerm))
}

pub(crate) fn snapshot(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let driver = next.drivers[usize::from(at)];
    if !reads_before_granting(model) || driver != Driver::Idle || !competes(model, next, at) {
        return None;
    }
    next.drivers[usize::from(at)] = Driver::Snapshot {
        epoch: next.database.epoch,
        backend: next.database.backend,
        work: step::choose(model, next, at),
    };
    Some(())
}

pub(crate) fn grant(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let database = next.database;
    let (mut epoch, mut previous, mut intent) = (database.epoch, database.backend, None);
    match next.drivers[usize::from(at)] {
        Driver::Idle if !reads_before_granting(model) && competes(model, next, at) => {}
        Driver::Snapshot { epoch: read_epoch, backend, work } => {
            if !model.has(Guard::GrantInOneStatement) {
                epoch = read_epoch;
            }
            if !model.has(Guard::GrantReadsLockedBackend) {
                previous = backend;
            }
            if !model.has(Guard::OpenStepsReadUnderTerm) {
                intent = work;
            }
        }
        _ => return None,
    }
    let term = next.granted;
    if term == model.bounds.terms {
        return None;
    }
    // Granting changes the unique key (app, epoch), so it waits for the one that holds FOR KEY SHARE.
    let locks = model.has(Guard::FenceAtCommit) && model.has(Guard::FenceLocksTerm);
    let guarded = |backend| matches!(backend, Backend::Guarded(_));
    if locks && next.terms.iter().any(|term| guarded(term.backend)) {
        return None;
    }
    next.broken.number_repeated |= epoch < database.epoch;
    next.granted += 1;
    next.terms[usize::from(term)].epoch = epoch + 1;
    next.terms[usize::from(term)].instance = at;
    next.database.before_grant =
        Some(BeforeGrant { holder: database.holder, latest: database.latest });
    next.database.epoch = epoch + 1;
    next.database.holder = Some(term);
    next.database.latest = Some(term);
    let there = |of: &Term| {
        !matches!(next.terms[usize::from(*of)].backend, Backend::Gone | Backend::Unopened)
    };
    let previous = previous.filter(there);
    next.drivers[usize::from(at)] = Driver::Granted { term, previous, intent };
    Some(())
}

pub(crate) fn end_predecessor(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let Driver::Granted { term, previous: Some(previous), intent } = next.drivers[usize::from(at)]
    else {
        return None;
    };
    if model.has(Guard::PredecessorEnded) {
        end_backend(next, previous);
    }
    next.drivers[usize::from(at)] = Driver::Granted { term, previous: None, intent };
    Some(())
}

/// Ends a backend; a process that works on it finds its connection lost.
pub(crate) fn end_backend(next: &mut State, term: Term) {
    let backend = &mut next.terms[usize::from(term)].backend;
    if *backend != Backend::Unopened {
        *backend = Backend::Gone;
    }
    for driver in &mut next.drivers {
        if driver.attached_to() == Some(term) {
            *driver = Driver::Adrift { term };
        }
    }
}

pub(crate) fn open_worker(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let Driver::Granted { term, previous: None, intent } = next.drivers[usize::from(at)] else {
        return None;
    };
    if model.has(Guard::BackendRegisteredUnderTerm) && !step::is_own(model, next, term) {
        next.drivers[usize::from(at)] = Driver::Idle;
        return Some(());
    }
    next.database.backend = Some(term);
    next.database.before_grant = None;
    next.terms[usize::from(term)].backend = Backend::Idle;
    next.drivers[usize::from(at)] = match intent {
        Some(work) => Driver::Chosen { term, work },
        None => Driver::Working { term },
    };
    Some(())
}

pub(crate) fn release(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let (Driver::Working { term } | Driver::Adrift { term }) = next.drivers[usize::from(at)] else {
        return None;
    };
    if next.drivers[usize::from(at)].attached_to().is_some() {
        next.terms[usize::from(term)].backend = Backend::Gone;
    }
    if step::is_own(model, next, term) {
        next.database.before_grant = None;
        next.database.holder = None;
        if !model.has(Guard::ReleaseKeepsBackend) {
            next.database.backend = None;
        }
    }
    next.drivers[usize::from(at)] = Driver::Idle;
    Some(())
}
