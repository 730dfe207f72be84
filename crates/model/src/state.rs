//! What there is at a moment: the database, what each process believes, what each backend was sent.
//!
//! Written by the transitions, read by the laws. Everything is small and `Copy`: the explorer keeps
//! a fingerprint of each state. Nothing is in here that neither a transition nor a law reads.

/// How many instances there are.
pub const INSTANCES: usize = 3;
/// How many terms are granted at most: a holder, a successor, and one who meets what both left.
pub const TERMS_MAX: usize = 3;
/// The head that the upgrade goes to.
pub const NEW_HEAD: u8 = 2;

/// An instance, by its place.
pub type Instance = u8;
/// A grant of the term, by its order. Not its number: that one can repeat after a failover.
pub type Term = u8;

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

/// What a holder does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Keep the plan in the ledger.
    Plan,
    /// The expand step: a catalog change.
    Expand,
    /// Record the expand step by itself. Only where recording with the effect was taken out.
    RecordExpand,
    /// The online step: an index built outside transactions, then recorded.
    Index,
    /// Raise the floor to the new head.
    Raise,
    /// An operator finalizes with the older release's program: a floor that is lower.
    RaiseToOlder,
    /// The contract step: drop what the older release needs.
    Contract,
}

/// A process's driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Driver {
    /// The process is not there.
    Down,
    /// Looks at the ledger, holds nothing.
    Idle,
    /// Has read what it will grant itself. Only where a guard of the grant was taken out.
    Snapshot {
        /// The number that was read.
        epoch: u8,
        /// The backend that was read.
        backend: Option<Term>,
        /// What was to be done.
        work: Option<Work>,
    },
    /// Has the term, and has to end this backend first.
    Granted {
        /// Its term.
        term: Term,
        /// The predecessor's backend, if there is one to end.
        previous: Option<Term>,
        /// What it wants to do without looking again. Only where a guard was taken out.
        intent: Option<Work>,
    },
    /// Between two pieces of work, on its working connection.
    Working {
        /// Its term.
        term: Term,
    },
    /// Has read what to do next, and does it.
    Chosen {
        /// Its term.
        term: Term,
        /// What it does.
        work: Work,
    },
    /// Has seen no session of an older release before a contract step.
    Cleared {
        /// Its term.
        term: Term,
    },
    /// Waits for an answer from its working connection.
    Waiting {
        /// Its term.
        term: Term,
        /// What it does.
        work: Work,
    },
    /// Has lost its working connection; does not know what became of what it sent.
    Adrift {
        /// Its term.
        term: Term,
    },
}

impl Driver {
    /// The term whose working connection this process has.
    pub(crate) fn attached_to(self) -> Option<Term> {
        match self {
            Self::Working { term }
            | Self::Chosen { term, .. }
            | Self::Cleared { term }
            | Self::Waiting { term, .. } => Some(term),
            _ => None,
        }
    }

    /// The term that this process believes to hold.
    pub fn believes(self) -> Option<Term> {
        match self {
            Self::Granted { term, .. } | Self::Adrift { term } => Some(term),
            other => other.attached_to(),
        }
    }
}

/// A grant, with the backend that works under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Granted {
    /// The number that its holder shows to the guard.
    pub epoch: u8,
    /// To whom.
    pub instance: Instance,
    /// What its working backend does.
    pub backend: Backend,
}

/// A server process that works under a term. It outlives its client until it has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Not connected yet.
    Unopened,
    /// Waits for its client.
    Idle,
    /// In a transaction that has done its work and holds its locks.
    Open(Work),
    /// In the transaction that raises the floor, instances counted and the row locked.
    Counted,
    /// Was sent the guard and the commit.
    CommitSent(Work),
    /// The guard has passed; the commit comes next.
    Guarded(Work),
    /// The guard has raised.
    Fenced,
    /// Was sent an index build.
    BuildSent,
    /// Builds the index.
    Building,
    /// Was sent the drop of an invalid index.
    DropSent,
    /// Ended.
    Gone,
}

impl Backend {
    /// The transaction that is open here.
    pub(crate) fn transaction(self) -> Option<Work> {
        match self {
            Self::Open(work) | Self::CommitSent(work) | Self::Guarded(work) => Some(work),
            Self::Counted => Some(Work::Raise),
            _ => None,
        }
    }
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
