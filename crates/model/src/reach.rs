//! What must be reachable, so that the laws do not hold for want of anything happening.
//!
//! Read by the explorer and by `cargo xtask model`, which prints the shortest run to each.

use crate::state::{Backend, Driver, Index, Row, Session, State};
use crate::upgrade::Upgrade;

/// Something that some run reaches.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// What.
    pub name: &'static str,
    /// Whether it is reached.
    pub reached: fn(&Upgrade, &State) -> bool,
}

/// All of them.
pub const GOALS: [Goal; 9] = [
    Goal { name: "all steps are done and the term is given back", reached: all_done },
    Goal { name: "the contract step is done", reached: contracted },
    Goal { name: "a term is taken over from a holder who still believes", reached: taken_over },
    Goal { name: "a writer is fenced", reached: fenced },
    Goal { name: "a registration below the floor is refused", reached: refused },
    Goal { name: "an orphaned backend is about to commit", reached: orphan_commits },
    Goal { name: "an orphaned backend builds on", reached: orphan_builds },
    Goal { name: "an invalid index of the dead is met", reached: leftover_met },
    Goal { name: "an instance revives under the raised floor", reached: revived_below },
];

fn contracted(_: &Upgrade, state: &State) -> bool {
    state.database.contracted
}

fn all_done(_: &Upgrade, state: &State) -> bool {
    state.database.contracted && state.database.holder.is_none()
}

fn taken_over(_: &Upgrade, state: &State) -> bool {
    let holders = |driver: &&Driver| driver.believes().is_some();
    let working = |driver: &Driver| matches!(driver, Driver::Working { .. });
    state.drivers.iter().filter(holders).count() > 1 && state.drivers.iter().any(working)
}

fn fenced(_: &Upgrade, state: &State) -> bool {
    state.terms.iter().any(|term| term.backend == Backend::Fenced)
}

fn refused(_: &Upgrade, state: &State) -> bool {
    let refused = |row, session| row == Row::Gone && session == Session::Refused;
    state.services.iter().any(|service| refused(service.row, service.session))
}

fn orphaned(state: &State, what: fn(Backend) -> bool) -> bool {
    let attached = |term| state.drivers.iter().any(|driver| driver.attached_to() == Some(term));
    (0_u8..).zip(&state.terms).any(|(at, term)| what(term.backend) && !attached(at))
}

fn orphan_commits(_: &Upgrade, state: &State) -> bool {
    orphaned(state, |backend| matches!(backend, Backend::Guarded(_)))
}

fn orphan_builds(_: &Upgrade, state: &State) -> bool {
    orphaned(state, |backend| backend == Backend::Building)
}

fn leftover_met(_: &Upgrade, state: &State) -> bool {
    let dropping = state.terms.iter().any(|term| term.backend == Backend::DropSent);
    dropping && state.database.index == Index::Invalid
}

fn revived_below(_: &Upgrade, state: &State) -> bool {
    state.database.floor > 1 && state.services.iter().any(|service| service.row == Row::Revived)
}
