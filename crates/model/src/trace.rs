//! Tells a transition in a sentence, for people.
//!
//! Called for counterexamples. What a transition leads to is taken from the state after it, where the
//! same transition can end in two ways (a guard passes or raises).

use crate::action::Action;
use crate::guard::Guard;
use crate::state::{Backend, Driver, INSTANCES, Instance, Session, State, Term, Work};
use crate::upgrade::Upgrade;

/// An instance's name: `old`, `new`, or with a letter where there are two.
fn name(model: &Upgrade, at: Instance) -> String {
    let heads = model.fleet.heads();
    let release = if model.is_old(at) { "old" } else { "new" };
    let same = |other: usize| heads[other] == model.head(at);
    if (0..INSTANCES).filter(|other| same(*other)).count() == 1 {
        return release.to_owned();
    }
    let letter = if (0..usize::from(at)).any(same) { 'B' } else { 'A' };
    format!("{release} {letter}")
}

fn work(work: Work) -> &'static str {
    match work {
        Work::Plan => "the plan",
        Work::Expand => "the expand step",
        Work::RecordExpand => "the record of the expand step",
        Work::Index => "the record of the index",
        Work::Raise => "the raised floor",
        Work::RaiseToOlder => "a floor of 1, asked for with the older program",
        Work::Contract => "the contract step",
    }
}

/// One line: who does what.
pub(crate) fn line(model: &Upgrade, before: &State, after: &State, action: Action) -> String {
    let who = |at| name(model, at);
    let driver = |at: Instance| after.drivers[usize::from(at)];
    match action {
        Action::Snapshot(_)
        | Action::Grant(_)
        | Action::EndPredecessor(_)
        | Action::OpenWorker(_)
        | Action::Release(_) => of_term(model, before, after, action),
        Action::Fence(term)
        | Action::Commit(term)
        | Action::BeginBuild(term)
        | Action::EndBuild(term)
        | Action::DropLeftover(term) => of_backend(before, after, action, term),
        Action::StartSession(_)
        | Action::OpenSession(_)
        | Action::CheckRegistration(_)
        | Action::CommitRegistration(_)
        | Action::Beat(_)
        | Action::CommitBeat(_)
        | Action::StopRefused(_)
        | Action::Leave(_)
        | Action::Write(_) => of_service(model, after, action),
        Action::Look(at) => match driver(at) {
            Driver::Chosen { work: Work::Index, .. } => format!("{} reads: the index", who(at)),
            Driver::Chosen { work: what, .. } => {
                format!("{} reads: {} is next", who(at), work(what))
            }
            _ => format!("{} reads the ledger", who(at)),
        },
        Action::Execute(at) => match driver(at) {
            Driver::Chosen { work: what, .. } => {
                format!("{} has done {} in a transaction, not committed", who(at), work(what))
            }
            _ => format!("{} finds that the step may not run now", who(at)),
        },
        Action::SendCommit(at) => format!("{} sends the guard and COMMIT", who(at)),
        Action::LearnFenced(at) => format!("{} learns that its term has passed on", who(at)),
        Action::SendBuild(at) => match driver(at).attached_to().map(|term| backend(after, term)) {
            Some(Backend::DropSent) => format!("{} sends the drop of the invalid index", who(at)),
            _ => format!("{} sends the index build", who(at)),
        },
        Action::RaiseFloor(at) if model.has(Guard::CountedAfterRaise) => {
            format!("{} changes the floor's row to 2, not committed", who(at))
        }
        Action::RaiseFloor(at) => format!("{}'s statement that is to raise has counted", who(at)),
        Action::CountInstances(at) if model.has(Guard::CountedAfterRaise) => {
            format!("{} counts who lives below", who(at))
        }
        Action::CountInstances(at) => {
            format!("{}'s statement now changes the floor's row", who(at))
        }
        Action::CloseLogins(at) => {
            format!("{} takes release 1's role the right to log in", who(at))
        }
        Action::EndSessions(at) => match driver(at) {
            Driver::Cleared { .. } => format!("{} looks for old sessions, sees none", who(at)),
            _ => format!("{} ends the old sessions that it sees", who(at)),
        },
        Action::Expire(at) => format!("{} counts as dead: no heartbeat for too long", who(at)),
        Action::Crash(at) => format!("{} crashes", who(at)),
        Action::Restart(at) => format!("{} is started again", who(at)),
        Action::LoseConnection(at) => {
            format!("{} loses its working connection while it awaits an answer", who(at))
        }
        Action::FailOver => "a standby that lacks the last grant becomes the server".to_owned(),
    }
}

fn backend(state: &State, term: Term) -> Backend {
    state.terms[usize::from(term)].backend
}

fn of_term(model: &Upgrade, before: &State, after: &State, action: Action) -> String {
    match action {
        Action::Snapshot(at) => {
            format!("{} reads the term's row and what is open", name(model, at))
        }
        Action::Grant(at) => {
            let from = match before.database.holder {
                Some(_) => "whose holder counts as expired",
                None => "which nobody holds",
            };
            format!("{} gets the term, {from}: number {}", name(model, at), after.database.epoch)
        }
        Action::EndPredecessor(at) if before.terms == after.terms => {
            format!("{} leaves its predecessor's backend alone", name(model, at))
        }
        Action::EndPredecessor(at) => format!("{} ends its predecessor's backend", name(model, at)),
        Action::OpenWorker(at) => match after.drivers[usize::from(at)] {
            Driver::Idle => {
                format!("{} may not register a backend: its term is over", name(model, at))
            }
            _ => format!("{} opens its working connection and registers it", name(model, at)),
        },
        Action::Release(at) => format!("{} gives its term back", name(model, at)),
        other => other.name(),
    }
}

fn of_backend(before: &State, after: &State, action: Action, term: Term) -> String {
    let number = before.terms[usize::from(term)].epoch;
    let whose = format!("the backend of term {number}");
    match (action, backend(before, term)) {
        (Action::Fence(_), _) => match backend(after, term) {
            Backend::Guarded(_) => format!("{whose} passes the guard"),
            _ => format!("{whose} is refused by the guard"),
        },
        (Action::Commit(_), Backend::Guarded(what)) => format!("{whose} commits {}", work(what)),
        (Action::BeginBuild(_), _) => match backend(after, term) {
            Backend::Building => format!("{whose} begins to build the index"),
            _ => format!("{whose} finds the index's name taken"),
        },
        (Action::EndBuild(_), _) => format!("{whose} has built the index"),
        _ => format!("{whose} drops the index"),
    }
}

fn of_service(model: &Upgrade, after: &State, action: Action) -> String {
    let session = |at: Instance| after.services[usize::from(at)].session;
    let refused = |at| session(at) == Session::Refused;
    let who = |at| name(model, at);
    match action {
        Action::StartSession(at) => format!("{} may log in; its session is starting", who(at)),
        Action::OpenSession(at) => format!("{}'s session is open", who(at)),
        Action::CheckRegistration(at) if refused(at) => {
            format!("{} wants to register and is refused: below the floor", who(at))
        }
        Action::CheckRegistration(at) => {
            format!("{} wants to register and reads floor {}", who(at), after.database.floor)
        }
        Action::CommitRegistration(at) => format!("{}'s registration is committed", who(at)),
        Action::Beat(at) if refused(at) => {
            format!("{} beats and is refused: below the floor", who(at))
        }
        Action::Beat(at) => format!("{} beats and reads floor {}", who(at), after.database.floor),
        Action::CommitBeat(at) => {
            format!("{}'s heartbeat is committed: it counts as alive", who(at))
        }
        Action::StopRefused(at) => format!("{} stops", who(at)),
        Action::Leave(at) => format!("{} leaves the registry", who(at)),
        Action::Write(at) => format!("{} writes a row, after the contract", who(at)),
        other => other.name(),
    }
}
