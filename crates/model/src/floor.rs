//! Raising the floor, and clearing the way for a contract step.
//!
//! The floor's row is changed, then the instances are counted in the same transaction; the one that
//! registers meanwhile waits for that row, or has committed before. Ending a session is one
//! transition, as in `term`: the one that ends it looks again until it is gone.

use crate::guard::Guard;
use crate::state::{Backend, Driver, Instance, NEW_HEAD, Session, State, Term, Work};
use crate::upgrade::Upgrade;

/// Whether an instance below the new floor counts as alive.
pub(crate) fn below(model: &Upgrade, state: &State) -> bool {
    let heads = model.fleet.heads();
    state
        .services
        .iter()
        .zip(heads)
        .any(|(service, head)| head < NEW_HEAD && service.row.is_alive())
}

/// Whether a transaction has changed or locked the application's row (the floor) and is not over.
pub(crate) fn row_is_changed(model: &Upgrade, state: &State) -> bool {
    state.terms.iter().any(|term| match term.backend {
        Backend::Open(Work::Raise) => model.has(Guard::CountedAfterRaise),
        backend => {
            matches!(backend.transaction(), Some(Work::Raise | Work::RaiseToOlder | Work::Plan))
        }
    })
}

/// Whether somebody who registers has locked the application's row.
pub(crate) fn row_is_shared(model: &Upgrade, state: &State) -> bool {
    let registers = state.services.iter().any(|service| service.session == Session::Registering);
    registers && model.has(Guard::FloorReadLocked)
}

fn chosen(state: &State, at: Instance, work: Work) -> Option<Term> {
    match state.drivers[usize::from(at)] {
        Driver::Chosen { term, work: chosen } if chosen == work => Some(term),
        _ => None,
    }
}

/// Changes the row, which waits for those who register.
fn change_row(model: &Upgrade, next: &mut State, term: Term, after: Backend) -> Option<()> {
    if row_is_changed(model, next) || row_is_shared(model, next) {
        return None;
    }
    next.terms[usize::from(term)].backend = after;
    Some(())
}

/// Counts, and rolls back if somebody lives below.
fn count(model: &Upgrade, next: &mut State, term: Term, at: Instance, after: Backend) {
    if below(model, next) {
        next.terms[usize::from(term)].backend = Backend::Idle;
        next.drivers[usize::from(at)] = Driver::Working { term };
    } else {
        next.terms[usize::from(term)].backend = after;
    }
}

pub(crate) fn raise_floor(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let term = chosen(next, at, Work::Raise)?;
    if next.terms[usize::from(term)].backend != Backend::Idle {
        return None;
    }
    let open = Backend::Open(Work::Raise);
    if model.has(Guard::CountedAfterRaise) {
        return change_row(model, next, term, open);
    }
    // One statement that counts and changes: its snapshot is older than its wait for the row.
    count(model, next, term, at, open);
    Some(())
}

pub(crate) fn count_instances(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let term = chosen(next, at, Work::Raise)?;
    if next.terms[usize::from(term)].backend != Backend::Open(Work::Raise) {
        return None;
    }
    if !model.has(Guard::CountedAfterRaise) {
        return change_row(model, next, term, Backend::Counted);
    }
    count(model, next, term, at, Backend::Counted);
    Some(())
}

/// Whether a holder is about to begin a contract step.
fn before_contract(state: &State, at: Instance) -> Option<Term> {
    let term = chosen(state, at, Work::Contract)?;
    (state.terms[usize::from(term)].backend == Backend::Idle).then_some(term)
}

pub(crate) fn close_logins(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    before_contract(next, at)?;
    if next.database.logins_closed || !model.has(Guard::LoginsClosed) {
        return None;
    }
    next.database.logins_closed = true;
    next.database.before_grant = None;
    Some(())
}

pub(crate) fn end_sessions(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let term = before_contract(next, at)?;
    if model.has(Guard::LoginsClosed) && !next.database.logins_closed {
        return None;
    }
    let mut seen = false;
    if model.has(Guard::SessionsEnded) {
        for service in &mut next.services {
            let visible = match service.session {
                Session::Closed => false,
                Session::Starting => model.has(Guard::StartingSessionsEnded),
                _ => true,
            };
            if visible {
                service.session = Session::Closed;
                seen = true;
            }
        }
    }
    if !seen {
        next.drivers[usize::from(at)] = Driver::Cleared { term };
    }
    Some(())
}
