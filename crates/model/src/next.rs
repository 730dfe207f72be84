//! The model for the explorer: what each transition leads to.
//!
//! A transition is a function of its own in the file of its subject; it answers `None` where it
//! cannot happen. After each, what nobody can tell apart any more is made equal, so that the space
//! does not grow by the dead.

use crate::action::Action;
use crate::state::{Backend, State, Term};
use crate::upgrade::Upgrade;
use crate::{environment, floor, index, invariant, reach, registration, step, term};
use stateright::{Model, Property};

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
