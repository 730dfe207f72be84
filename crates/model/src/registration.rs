//! An older instance: its session, registering, beating, leaving, writing.
//!
//! All goes over one session, whose role and name say its head, as those of the engine's own
//! connections and of the service's pool do. A heartbeat reads the floor without a lock; so an
//! instance that counts as dead may revive while the floor is raised over it, and is met by the gate.

use crate::floor;
use crate::guard::Guard;
use crate::state::{Driver, Instance, Row, Session, State};
use crate::upgrade::Upgrade;

fn is_up(state: &State, at: Instance) -> bool {
    state.drivers[usize::from(at)] != Driver::Down
}

pub(crate) fn start_session(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let refused = model.has(Guard::LoginsClosed) && next.database.logins_closed;
    if !model.is_old(at) || !is_up(next, at) || refused {
        return None;
    }
    let session = &mut next.services[usize::from(at)].session;
    if *session != Session::Closed {
        return None;
    }
    *session = Session::Starting;
    Some(())
}

pub(crate) fn open_session(next: &mut State, at: Instance) -> Option<()> {
    let session = &mut next.services[usize::from(at)].session;
    if *session != Session::Starting {
        return None;
    }
    *session = Session::Open;
    Some(())
}

pub(crate) fn check(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let locked = model.has(Guard::FloorReadLocked) && floor::row_is_changed(model, next);
    let service = &mut next.services[usize::from(at)];
    if service.session != Session::Open || service.row != Row::Gone || locked {
        return None;
    }
    service.session =
        if model.head(at) < next.database.floor { Session::Refused } else { Session::Registering };
    Some(())
}

/// A statement's session goes on with its client, or ends for want of one.
fn answer(next: &mut State, at: Instance) {
    let session = if is_up(next, at) { Session::Open } else { Session::Closed };
    next.services[usize::from(at)].session = session;
    next.database.before_grant = None;
}

pub(crate) fn commit(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    if next.services[usize::from(at)].session != Session::Registering {
        return None;
    }
    next.broken.registered_below_floor |= model.head(at) < next.database.floor;
    next.services[usize::from(at)].row = Row::Alive;
    answer(next, at);
    Some(())
}

/// Beats of an instance that is not late change nothing, unless the floor has passed it.
pub(crate) fn beat(model: &Upgrade, next: &mut State, at: Instance) -> Option<()> {
    let service = &mut next.services[usize::from(at)];
    let below = model.head(at) < next.database.floor;
    if service.session != Session::Open || service.row == Row::Gone {
        return None;
    }
    service.session = match service.row {
        _ if below => Session::Refused,
        Row::Late => Session::Beating,
        _ => return None,
    };
    Some(())
}

pub(crate) fn commit_beat(next: &mut State, at: Instance) -> Option<()> {
    let service = &mut next.services[usize::from(at)];
    if service.session != Session::Beating {
        return None;
    }
    service.row = Row::Revived;
    answer(next, at);
    Some(())
}

pub(crate) fn stop_refused(next: &mut State, at: Instance) -> Option<()> {
    let service = &mut next.services[usize::from(at)];
    if service.session != Session::Refused {
        return None;
    }
    service.session = Session::Closed;
    if service.row == Row::Late {
        service.row = Row::Gone;
    }
    next.drivers[usize::from(at)] = Driver::Down;
    Some(())
}

pub(crate) fn leave(next: &mut State, at: Instance) -> Option<()> {
    let service = &mut next.services[usize::from(at)];
    let idle = next.drivers[usize::from(at)] == Driver::Idle;
    if service.session != Session::Open || service.row == Row::Gone || !idle {
        return None;
    }
    service.row = Row::Gone;
    service.session = Session::Closed;
    next.drivers[usize::from(at)] = Driver::Down;
    next.database.before_grant = None;
    Some(())
}

/// Before the contract a write of an older release is what the sync triggers are for.
pub(crate) fn write(next: &mut State, at: Instance) -> Option<()> {
    if next.services[usize::from(at)].session != Session::Open || !next.database.contracted {
        return None;
    }
    next.broken.older_wrote_after_contract = true;
    Some(())
}
