//! What there is at a moment: the database, what each process believes, what each backend was sent.
//!
//! Written by the transitions, read by the laws. Everything is small and `Copy`: the explorer keeps
//! a fingerprint of each state. Nothing is in here that neither a transition nor a law reads.

pub use crate::holder::{Backend, Driver, Granted, Instance, Term, Work};

/// How many instances there are.
pub const INSTANCES: usize = 3;
/// How many terms are granted at most: a holder, a successor, and one who meets what both left.
pub const TERMS_MAX: usize = 3;
/// The head that the upgrade goes to.
pub const NEW_HEAD: u8 = 2;

/// Everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// What is committed.
    pub database: Database,
    /// What each instance's driver believes and does.
    pub drivers: [Driver; INSTANCES],
    /// Each older instance's row in the registry, and its session.
    pub services: [Service; INSTANCES],
    /// What was granted.
    pub terms: [Granted; TERMS_MAX],
    /// How many terms were granted.
    pub granted: u8,
    /// How many crashes, lost connections, failovers may still come.
    pub mishaps_left: u8,
    /// How often an instance that lives may still count as dead.
    pub late_beats_left: u8,
    /// What must not happen and did.
    pub broken: Broken,
}

/// What is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    /// The term's number.
    pub epoch: u8,
    /// Who holds it; gone after a release. Expiry is not written anywhere: it may come at any time.
    pub holder: Option<Term>,
    /// The working backend that was registered last.
    pub backend: Option<Term>,
    /// The latest term that counts. Only laws read it.
    pub latest: Option<Term>,
    /// What a failover goes back to: there while a grant is the last commit, which a standby may lack.
    pub before_grant: Option<BeforeGrant>,
    /// Whether the plan of the new release is in the ledger.
    pub planned: bool,
    /// How often the catalog change of the expand step took effect.
    pub expand_applied: u8,
    /// Whether the expand step is recorded as done.
    pub expand_recorded: bool,
    /// The index that the online step builds.
    pub index: Index,
    /// Whether the online step is recorded as done.
    pub index_recorded: bool,
    /// The floor.
    pub floor: u8,
    /// Whether the older release's role may no longer log in.
    pub logins_closed: bool,
    /// Whether the contract step has taken effect, and is recorded.
    pub contracted: bool,
}

/// The term's row before the last grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeforeGrant {
    /// Who held it.
    pub holder: Option<Term>,
    /// Which term was the latest.
    pub latest: Option<Term>,
}

/// An index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// Not there.
    Absent,
    /// Being built, or left by a build that died.
    Invalid,
    /// Built.
    Valid,
}

/// What the database knows of an older instance, and its session there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its row in the registry.
    pub row: Row,
    /// Its session.
    pub session: Session,
}

/// A row in the registry of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// None, or it has left, or the process is gone for good.
    Gone,
    /// Alive.
    Alive,
    /// Counts as dead, since its heartbeat is late; the process lives.
    Late,
    /// Alive again: it has beaten after having been late.
    Revived,
}

impl Row {
    /// Whether it counts as alive.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Alive | Self::Revived)
    }
}

/// A session of an older instance. It has one, over which it registers, beats and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// None.
    Closed,
    /// Past the check whether the role may log in; not to be seen in `pg_stat_activity` yet.
    Starting,
    /// Open.
    Open,
    /// Has read the floor in `register`; not committed.
    Registering,
    /// Has read the floor in `heartbeat`; not committed.
    Beating,
    /// Was told that it is below the floor.
    Refused,
}

/// What must not happen and did: laws about moments, which a state does not show by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken {
    /// A term was granted whose number is not above the last one.
    pub number_repeated: bool,
    /// A transaction was committed under a term after a later one was granted.
    pub commit_after_grant: bool,
    /// A statement outside transactions took effect after a later term had begun to work.
    pub statement_after_takeover: bool,
    /// An instance below the floor has registered.
    pub registered_below_floor: bool,
    /// A release has written to the ledger of migrations that are newer than it.
    pub older_wrote_ledger: bool,
    /// An older release has written after the contract.
    pub older_wrote_after_contract: bool,
    /// The floor was lowered.
    pub floor_sank: bool,
}
