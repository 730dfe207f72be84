//! Who holds a term: what its process believes and does, and what its backend was sent.
//!
//! Part of a [`State`](crate::state::State). The two are apart on purpose: a process may be paused,
//! crashed or cut off while its backend goes on, and a backend may be ended while its process believes.

/// An instance, by its place.
pub type Instance = u8;
/// A grant of the term, by its order. Not its number: that one can repeat after a failover.
pub type Term = u8;

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
