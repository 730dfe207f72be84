//! The protections of the design, each of which can be taken out of the model.
//!
//! Called by `cargo xtask model` and the tests: with all of them the laws hold, without any one of
//! them the explorer must find a run that breaks a law. One that changes nothing is a defect of the
//! model. The engine's sources name each of them; a test holds the two lists against each other.

use std::fmt;

/// A protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// A transaction ends with the guard, which raises unless the term is still its own.
    FenceAtCommit,
    /// The guard locks the term's row; a grant changes its unique key and waits for that lock.
    FenceLocksTerm,
    /// The guard and the registration of a backend compare the holder, not only the number.
    FenceComparesHolder,
    /// A term is granted by one statement that reads and writes the number.
    GrantInOneStatement,
    /// The predecessors' backends are read by a statement after the grant, not by the grant's snapshot.
    GrantReadsLockedBackend,
    /// A backend is registered only while the term is its own.
    BackendRegisteredUnderTerm,
    /// A successor ends its predecessor's backend before it works.
    PredecessorEnded,
    /// Giving a term back does not forget the backend, which may still run what it was sent.
    ReleaseKeepsBackend,
    /// A step is recorded in the transaction that does it.
    RecordedWithEffect,
    /// What is open is read under the term, and recording counts the row it changed.
    OpenStepsReadUnderTerm,
    /// An index is looked at before it counts as built; an invalid one is dropped.
    IndexInspected,
    /// A release runs nothing in a ledger that is ahead of it.
    OlderReleaseKeepsOut,
    /// Registering reads the floor under a lock that conflicts with raising it.
    FloorReadLocked,
    /// Instances are counted by a statement of its own, after the floor's row was changed.
    CountedAfterRaise,
    /// Raising the floor takes the greater of the old and the new one.
    FloorTakesGreater,
    /// A contract step looks at the floor and the instances again, under its own locks.
    ContractGate,
    /// The sessions of older heads are ended before a contract step.
    SessionsEnded,
    /// Sessions that are just starting are waited for and ended too.
    StartingSessionsEnded,
    /// A session of an older release is not admitted (or its role may not log in) once the floor has
    /// passed it.
    LoginsClosed,
}

impl Guard {
    /// All of them, in the order of the design.
    pub const ALL: [Self; 19] = [
        Self::FenceAtCommit,
        Self::FenceLocksTerm,
        Self::FenceComparesHolder,
        Self::GrantInOneStatement,
        Self::GrantReadsLockedBackend,
        Self::BackendRegisteredUnderTerm,
        Self::PredecessorEnded,
        Self::ReleaseKeepsBackend,
        Self::RecordedWithEffect,
        Self::OpenStepsReadUnderTerm,
        Self::IndexInspected,
        Self::OlderReleaseKeepsOut,
        Self::FloorReadLocked,
        Self::CountedAfterRaise,
        Self::FloorTakesGreater,
        Self::ContractGate,
        Self::SessionsEnded,
        Self::StartingSessionsEnded,
        Self::LoginsClosed,
    ];

    /// By name, as [`fmt::Display`] writes it.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.to_string().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}
