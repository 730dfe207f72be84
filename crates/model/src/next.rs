//! The model for the explorer: where it begins, and what each transition leads to.
//!
//! A transition is a function of its own in the file of its subject; it answers `None` where it
//! cannot happen. After each, what nobody can tell apart any more is made equal, so that the space
//! does not grow by the dead.

use crate::action::Action;
use crate::guard::Guard;
use crate::state::{
    Backend, Broken, Database, Driver, Granted, INSTANCES, Index, Instance, NEW_HEAD, Row, Service,
    Session, State, TERMS_MAX, Term,
};
use crate::{environment, floor, index, invariant, reach, registration, step, term};
use stateright::{Model, Property};

/// Which releases the three instances are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// One of the old release, two of the new one.
    OneOld,
    /// Two of the old release, one of the new one.
    TwoOld,
}

impl Fleet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::OneOld, Self::TwoOld];

    /// The heads of the instances.
    pub fn heads(self) -> [u8; INSTANCES] {
        match self {
            Self::OneOld => [1, NEW_HEAD, NEW_HEAD],
            Self::TwoOld => [1, 1, NEW_HEAD],
        }
    }

    /// How much may happen. Two of the new release take over from each other: three terms, and a
    /// mishap while the first is being mended. Two of the old one register, revive and connect at
    /// the same time: a single mishap and the one who takes over. One instance is enough to be
    /// raised over, so one may count as dead.
    pub fn bounds(self) -> Bounds {
        match self {
            Self::OneOld => Bounds { terms: 3, mishaps: 2, late_beats: 1 },
            Self::TwoOld => Bounds { terms: 2, mishaps: 1, late_beats: 1 },
        }
    }
}

/// How much may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Terms that may be granted.
    pub terms: u8,
    /// Crashes, lost connections and failovers, together.
    pub mishaps: u8,
    /// How often an instance that lives may count as dead.
    pub late_beats: u8,
}

/// An upgrade from release 1 to release 2 by three instances, with all guards but one.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The instances.
    pub fleet: Fleet,
    /// How much may happen.
    pub bounds: Bounds,
    /// The guard that is taken out.
    pub without: Option<Guard>,
}

impl Upgrade {
    /// Whether a guard is in place.
    pub(crate) fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }

    /// An instance's head.
    pub(crate) fn head(&self, instance: Instance) -> u8 {
        self.fleet.heads()[usize::from(instance)]
    }

    /// Whether an instance is of the older release.
    pub(crate) fn is_old(&self, instance: Instance) -> bool {
        self.head(instance) < NEW_HEAD
    }

    fn begin(&self) -> State {
        let database = Database {
            epoch: 0,
            holder: None,
            backend: None,
            latest: None,
            before_grant: None,
            planned: false,
            expand_applied: 0,
            expand_recorded: false,
            index: Index::Absent,
            index_recorded: false,
            floor: 1,
            logins_closed: false,
            contracted: false,
        };
        // The old release serves; the new one needs no row in the model: it is never below the floor.
        let serving = Service { row: Row::Alive, session: Session::Open };
        let without = Service { row: Row::Gone, session: Session::Closed };
        State {
            database,
            drivers: [Driver::Idle; INSTANCES],
            services: self
                .fleet
                .heads()
                .map(|head| if head < NEW_HEAD { serving } else { without }),
            terms: [Granted { epoch: 0, instance: 0, backend: Backend::Unopened }; TERMS_MAX],
            granted: 0,
            mishaps_left: self.bounds.mishaps,
            late_beats_left: self.bounds.late_beats,
            broken: Broken::default(),
        }
    }
}

impl Model for Upgrade {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.begin()]
    }

    fn actions(&self, _state: &State, actions: &mut Vec<Action>) {
        actions.extend(Action::all());
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = *last;
        apply(self, &mut next, action)?;
        forget_the_dead(&mut next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let laws = invariant::LAWS.iter().map(|law| Property::always(law.name, law.holds));
        let reached = reach::GOALS.iter().map(|goal| Property::sometimes(goal.name, goal.reached));
        laws.chain(reached).collect()
    }
}

/// Does a transition, or says that it cannot happen.
fn apply(model: &Upgrade, next: &mut State, action: Action) -> Option<()> {
    match action {
        Action::Snapshot(at) => term::snapshot(model, next, at),
        Action::Grant(at) => term::grant(model, next, at),
        Action::EndPredecessor(at) => term::end_predecessor(model, next, at),
        Action::OpenWorker(at) => term::open_worker(model, next, at),
        Action::Release(at) => term::release(model, next, at),
        Action::Look(at) => step::look(model, next, at),
        Action::Execute(at) => step::execute(model, next, at),
        Action::SendCommit(at) => step::send_commit(next, at),
        Action::Fence(term) => step::fence(model, next, term),
        Action::Commit(term) => step::commit(model, next, term),
        Action::LearnFenced(at) => step::learn_fenced(next, at),
        Action::SendBuild(at) => index::send_build(model, next, at),
        Action::BeginBuild(term) => index::begin_build(next, term),
        Action::EndBuild(term) => index::end_build(next, term),
        Action::DropLeftover(term) => index::drop_leftover(next, term),
        Action::RaiseFloor(at) => floor::raise_floor(model, next, at),
        Action::CountInstances(at) => floor::count_instances(model, next, at),
        Action::CloseLogins(at) => floor::close_logins(model, next, at),
        Action::EndSessions(at) => floor::end_sessions(model, next, at),
        Action::StartSession(at) => registration::start_session(model, next, at),
        Action::OpenSession(at) => registration::open_session(next, at),
        Action::CheckRegistration(at) => registration::check(model, next, at),
        Action::CommitRegistration(at) => registration::commit(model, next, at),
        Action::Beat(at) => registration::beat(model, next, at),
        Action::CommitBeat(at) => registration::commit_beat(next, at),
        Action::StopRefused(at) => registration::stop_refused(next, at),
        Action::Leave(at) => registration::leave(next, at),
        Action::Write(at) => registration::write(next, at),
        Action::Expire(at) => environment::expire(next, at),
        Action::Crash(at) => environment::crash(model, next, at),
        Action::Restart(at) => environment::restart(next, at),
        Action::LoseConnection(at) => environment::lose_connection(next, at),
        Action::FailOver => environment::fail_over(next),
    }
}

/// A term that nobody works under or believes in is like any other; and without mishaps nobody will
/// ask what was before the last grant.
fn forget_the_dead(state: &mut State) {
    for at in 0..usize::from(state.granted) {
        let term = Term::try_from(at).unwrap_or(Term::MAX);
        let dead = state.terms[at].backend == Backend::Gone
            || (state.terms[at].backend == Backend::Unopened
                && state.database.backend != Some(term));
        if dead && state.drivers.iter().all(|driver| driver.believes() != Some(term)) {
            state.terms[at].epoch = 0;
            state.terms[at].instance = 0;
        }
    }
    if state.mishaps_left == 0 {
        state.database.before_grant = None;
    }
}
