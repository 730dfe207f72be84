//! The transitions, each one effect that others can see, with the place in the engine that does it.
//!
//! The engine names them where it does them (a line that begins with "Model:"); a test holds both
//! lists against each other. [`Action::is_environment`]: what the engine does not do, but meets.

use crate::state::{INSTANCES, Instance, TERMS_MAX, Term};

/// A transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the term's row before a grant: only where a guard of the grant was taken out.
    Snapshot(Instance),
    /// Gets the next term, the last one having run out or been given back: `acquire.sql`.
    Grant(Instance),
    /// Ends the predecessor's backend: `end_backend` in `lease.rs`.
    EndPredecessor(Instance),
    /// Opens the working connection and registers its backend: `Worker::open`.
    OpenWorker(Instance),
    /// Gives the term back: `Term::release`.
    Release(Instance),
    /// Reads what is to be done next: `work::next`.
    Look(Instance),
    /// Locks, looks at the gate, runs and records, without committing: `ddl::run`, `Holder::plan`.
    Execute(Instance),
    /// Sends guard and commit: `GuardedTransaction::commit`.
    SendCommit(Instance),
    /// The server runs the guard: function `guard`.
    Fence(Term),
    /// The server commits what passed the guard.
    Commit(Term),
    /// Learns that the guard has raised: `Error::TermLost`.
    LearnFenced(Instance),
    /// Looks at the index and sends its build, or the drop of what a dead build left: `build_one`.
    SendBuild(Instance),
    /// The server begins the build.
    BeginBuild(Term),
    /// The server ends the build.
    EndBuild(Term),
    /// The server drops an invalid index.
    DropLeftover(Term),
    /// Changes the floor's row, without committing: `floor::raise`.
    RaiseFloor(Instance),
    /// Counts the instances below the new floor, in the same transaction: `floor::below`.
    CountInstances(Instance),
    /// Takes the older release's role the right to log in.
    CloseLogins(Instance),
    /// One look for sessions of older heads, ending those that it sees: `floor::end_sessions`.
    EndSessions(Instance),
    /// Logs in; not to be seen by others yet: `connection::open`.
    StartSession(Instance),
    /// The session is there, and to be seen.
    OpenSession(Instance),
    /// Reads the floor in order to register: function `register`.
    CheckRegistration(Instance),
    /// Commits the registration.
    CommitRegistration(Instance),
    /// Reads the floor in a heartbeat, and says that it lives: function `heartbeat`.
    Beat(Instance),
    /// Commits the heartbeat.
    CommitBeat(Instance),
    /// Stops because it is below the floor: `Heart::run`.
    StopRefused(Instance),
    /// Leaves the registry: `Instance::leave`.
    Leave(Instance),
    /// An older release writes to a table from which the contract has taken something.
    Write(Instance),
    /// Time passes without a heartbeat.
    Expire(Instance),
    /// The process dies; what its backend was sent goes on.
    Crash(Instance),
    /// The process is started again.
    Restart(Instance),
    /// The working connection breaks on the client's side while an answer is awaited.
    LoseConnection(Instance),
    /// A standby that lacks the last commit, a grant, becomes the server.
    FailOver,
}

impl Action {
    /// Every transition, of whomever.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let instances = (0..INSTANCES).flat_map(|at| of_instance(number(at)));
        let terms = (0..TERMS_MAX).flat_map(|at| of_term(number(at)));
        instances.chain(terms).chain([Self::FailOver])
    }

    /// Its name.
    pub fn name(self) -> String {
        let mut name = format!("{self:?}");
        name.truncate(name.find('(').unwrap_or(name.len()));
        name
    }

    /// Whether the engine meets this rather than doing it, or does not have it.
    pub fn is_environment(self) -> bool {
        matches!(
            self,
            Self::Snapshot(_)
                | Self::CloseLogins(_)
                | Self::Write(_)
                | Self::Expire(_)
                | Self::Crash(_)
                | Self::Restart(_)
                | Self::LoseConnection(_)
                | Self::FailOver
        )
    }

    /// The names that the engine has.
    pub fn engine_names() -> Vec<String> {
        let all = of_instance(0).chain(of_term(0)).chain([Self::FailOver]);
        let mut names: Vec<String> =
            all.filter(|action| !action.is_environment()).map(Self::name).collect();
        names.sort_unstable();
        names
    }
}

fn number(at: usize) -> u8 {
    u8::try_from(at).unwrap_or(u8::MAX)
}

fn of_instance(at: Instance) -> impl Iterator<Item = Action> {
    [
        Action::Snapshot(at),
        Action::Grant(at),
        Action::EndPredecessor(at),
        Action::OpenWorker(at),
        Action::Release(at),
        Action::Look(at),
        Action::Execute(at),
        Action::SendCommit(at),
        Action::LearnFenced(at),
        Action::SendBuild(at),
        Action::RaiseFloor(at),
        Action::CountInstances(at),
        Action::CloseLogins(at),
        Action::EndSessions(at),
        Action::StartSession(at),
        Action::OpenSession(at),
        Action::CheckRegistration(at),
        Action::CommitRegistration(at),
        Action::Beat(at),
        Action::CommitBeat(at),
        Action::StopRefused(at),
        Action::Leave(at),
        Action::Write(at),
        Action::Expire(at),
        Action::Crash(at),
        Action::Restart(at),
        Action::LoseConnection(at),
    ]
    .into_iter()
}

fn of_term(at: Term) -> impl Iterator<Item = Action> {
    [
        Action::Fence(at),
        Action::Commit(at),
        Action::BeginBuild(at),
        Action::EndBuild(at),
        Action::DropLeftover(at),
    ]
    .into_iter()
}
