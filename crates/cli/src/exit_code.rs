//! How the program ends, for scripts. Stable: a code never changes its meaning.

use serde::{Serialize, Serializer};

/// The program's exit codes. `changeover exit-codes` prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// It is done, or there was nothing to do.
    Ok = 0,
    /// It failed: a step, the file system, anything without a code of its own.
    Failed = 1,
    /// The command line cannot be understood, or an argument makes no sense.
    Usage = 2,
    /// A pending statement is refused: nothing was changed.
    Refused = 3,
    /// The database cannot be reached.
    Unreachable = 4,
    /// The release or this program is too old for the database.
    TooOld = 5,
    /// A lock was not to be had within its bound; nothing was changed by that step.
    LockNotAvailable = 6,
    /// The files are not a history of migrations, or contradict the ledger.
    History = 7,
    /// The floor cannot be raised yet: older releases live.
    FloorBlocked = 8,
    /// The database has no ledger, none of this application, or was not taken over yet.
    NoLedger = 9,
    /// The owner's connection leads through a pooler that shares sessions; nothing was changed.
    Pooled = 10,
    /// Jobs are there that the release gone back to could not run.
    JobsBeyond = 11,
    /// The upgrade cannot be undone; nothing was changed.
    CannotRollBack = 12,
    /// The role lacks a right; the message names it, and what grants it.
    Denied = 13,
    /// The server cannot be used as it is: read-only, a standby, or too old.
    Unfit = 14,
    /// The demo's service does not bear the load without an upgrade; nothing was upgraded.
    NotHealthy = 15,
    /// Stopped on request; what was committed is kept.
    Stopped = 130,
}

impl ExitCode {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 17] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Unreachable,
        Self::TooOld,
        Self::LockNotAvailable,
        Self::History,
        Self::FloorBlocked,
        Self::NoLedger,
        Self::Pooled,
        Self::JobsBeyond,
        Self::CannotRollBack,
        Self::Denied,
        Self::Unfit,
        Self::NotHealthy,
        Self::Stopped,
    ];

    /// The number.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// What it means, in one line.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done, or nothing to do",
            Self::Failed => "failed: a step, the file system, anything without a code of its own",
            Self::Usage => "the command line cannot be understood, or makes no sense",
            Self::Refused => "a pending statement is refused; nothing was changed",
            Self::Unreachable => "the database cannot be reached",
            Self::TooOld => "release below the floor, or ledger of a newer Changeover",
            Self::LockNotAvailable => "a lock was not to be had within its bound; start again",
            Self::History => "the files are no history of migrations, or contradict the ledger",
            Self::FloorBlocked => {
                "the floor cannot be raised yet: older releases live, or workers lack an owner"
            }
            Self::NoLedger => {
                "no ledger in the database, no such application in it, or not taken over yet"
            }
            Self::Pooled => "the owner's connection leads through a pooler that shares sessions",
            Self::JobsBeyond => "jobs are there that the generation to go back to could not run",
            Self::CannotRollBack => "the upgrade cannot be undone; nothing was changed",
            Self::Denied => "the role lacks a right, which the message names",
            Self::Unfit => "the server is read-only, a standby, or too old",
            Self::NotHealthy => {
                "the demo's service does not bear the load even without an upgrade; none was begun"
            }
            Self::Stopped => "stopped on request; what was committed is kept",
        }
    }

    /// The code for an error of the engine.
    pub(crate) fn of(error: &changeover::Error) -> Self {
        use changeover::Error;
        use changeover::planning::PlanError;
        match error {
            Error::Connect { .. } => Self::Unreachable,
            Error::Url { .. } | Error::Invalid(_) | Error::UnknownStep { .. } => Self::Usage,
            Error::Refused { .. } => Self::Refused,
            Error::BelowFloor { .. } | Error::LedgerTooNew { .. } => Self::TooOld,
            Error::LockNotAvailable { .. } => Self::LockNotAvailable,
            Error::History(_)
            | Error::Plan(PlanError::History(_))
            | Error::Folder { source: changeover::FolderError::Source(_), .. } => Self::History,
            Error::FloorBlocked { .. } | Error::WorkersUnowned { .. } => Self::FloorBlocked,
            Error::CannotRollBack { .. } => Self::CannotRollBack,
            Error::NoLedger | Error::NotAdopted { .. } | Error::UnknownApp { .. } => Self::NoLedger,
            Error::Denied { .. } => Self::Denied,
            Error::ReadOnly { .. } | Error::ServerTooOld { .. } => Self::Unfit,
            Error::Pooled { .. } => Self::Pooled,
            Error::Stopped => Self::Stopped,
            Error::Step { source, .. } | Error::GaveUp { source, .. } => Self::of(source),
            Error::Shared(error) => Self::of(error),
            _ if error.sqlstate() == Some("42501") => Self::Denied,
            _ if error.sqlstate() == Some("25006") => Self::Unfit,
            _ if error.is_connection_lost() => Self::Unreachable,
            _ => Self::Failed,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

impl Serialize for ExitCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn numbers_are_listed_once_and_in_order() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 130]);
    }
}
