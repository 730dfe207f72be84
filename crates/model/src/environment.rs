//! What nobody wants: crashes, lost connections, late heartbeats, a failover.
//!
//! Each takes one from a small supply. A crash loses the process and what it believed, not the
//! statement that its backend was sent.

use crate::state::{Backend, Driver, Instance, Row, Session, State, Term};
use crate::upgrade::Upgrade;

fn mishap(next: &mut State) -> Option<()> {
    next.mishaps_left = next.mishaps_left.checked_sub(1)?;
    Some(())
}

/// The client of a backend is gone: one that waits for it ends, one that was sent something goes on.
fn detach(next: &mut State, term: Term) {
    let backend = &mut next.terms[usize::from(term)].backend;
    if let Backend::Idle | Backend::Open(_) | Backend::Counted | Backend::Fenced = *backend {
        *backend = Backend::Gone;
    }
}

pub(crate) fn crash(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let driver = next.drivers[usize::from(at)];
    // A process of the new release that holds nothing loses nothing.
    if driver == Driver::Down || (driver == Driver::Idle && !model.is_old(at)) {
        return None;
    }
    mishap(next)?;
    if let Some(term) = driver.attached_to() {
        detach(next, term);
    }
    next.drivers[usize::from(at)] = Driver::Down;
    let service = &mut next.services[usize::from(at)];
    if let Session::Open | Session::Starting | Session::Refused = service.session {
        service.session = Session::Closed;
    }
    if service.row == Row::Late {
        service.row = Row::Gone;
    }
    Some(())
}

/// Once its last row has run out: another row that still counts would only hold the floor.
pub(crate) fn restart(next: &mut State, at: Instance) -> Option<()> {
    let service = next.services[usize::from(at)];
    let over = service.row == Row::Gone && service.session == Session::Closed;
    if next.drivers[usize::from(at)] != Driver::Down || !over {
        return None;
    }
    next.drivers[usize::from(at)] = Driver::Idle;
    Some(())
}

pub(crate) fn expire(next: &mut State, at: Instance) -> Option<()> {
    let down = next.drivers[usize::from(at)] == Driver::Down;
    let row = &mut next.services[usize::from(at)].row;
    if *row == Row::Gone || (*row == Row::Late && !down) {
        return None;
    }
    if down {
        *row = Row::Gone;
    } else {
        *row = Row::Late;
        next.late_beats_left = next.late_beats_left.checked_sub(1)?;
    }
    Some(())
}

pub(crate) fn lose_connection(next: &mut State, at: Instance) -> Option<()> {
    let Driver::Waiting { term, .. } = next.drivers[usize::from(at)] else {
        return None;
    };
    mishap(next)?;
    detach(next, term);
    next.drivers[usize::from(at)] = Driver::Adrift { term };
    Some(())
}

/// The standby lacks the grant; all connections are lost.
pub(crate) fn fail_over(next: &mut State) -> Option<()> {
    let before = next.database.before_grant.take()?;
    mishap(next)?;
    next.database.epoch -= 1;
    next.database.holder = before.holder;
    next.database.latest = before.latest;
    for term in 0..next.granted {
        crate::term::end_backend(next, term);
    }
    for service in &mut next.services {
        service.session = Session::Closed;
    }
    Some(())
}
