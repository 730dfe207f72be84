//! What an error means for what comes next: whose SQLSTATE it is, and whether it is worth trying again.

use super::Error;
use tokio_postgres::error::SqlState;

impl Error {
    /// The SQLSTATE of the cause, if the server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql { source, .. } => source.code().map(SqlState::code),
            Self::Connect { source, .. } => source.sqlstate(),
            Self::Step { source, .. } | Self::GaveUp { source, .. } => source.sqlstate(),
            Self::Shared(error) => error.sqlstate(),
            _ => None,
        }
    }

    /// Whether the connection is gone, so that nothing is known of what was under way.
    pub fn is_connection_lost(&self) -> bool {
        match self {
            Self::Sql { source, .. } => {
                let io = std::error::Error::source(source)
                    .is_some_and(|cause| cause.downcast_ref::<std::io::Error>().is_some());
                source.is_closed()
                    || io
                    || self
                        .sqlstate()
                        .is_some_and(|state| state.starts_with("08") || state.starts_with("57P"))
            }
            Self::Connect { .. } => true,
            Self::Step { source, .. } => source.is_connection_lost(),
            _ => false,
        }
    }

    /// Whether somebody else has to do something first: not a failure, the step waits.
    pub fn is_held(&self) -> bool {
        match self {
            Self::FloorBlocked { .. }
            | Self::RowsParked { .. }
            | Self::Withheld { .. }
            | Self::WorkersUnowned { .. } => true,
            Self::Step { source, .. } => source.is_held(),
            _ => false,
        }
    }

    /// Whether the same thing may succeed when tried again, nothing else changed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::LockNotAvailable { .. }
            | Self::FloorBlocked { .. }
            | Self::WorkersUnowned { .. }
            | Self::Cancelled { .. }
            | Self::Overtaken { .. }
            | Self::Deadline { .. } => true,
            Self::Step { source, .. } => source.is_retryable(),
            Self::Sql { .. } | Self::Connect { .. } => {
                self.is_connection_lost()
                    // Serialization failure, deadlock, lock not available, cancelled by a timeout,
                    // too many connections or out of memory, disk full.
                    || self.sqlstate().is_some_and(|state| {
                        state.starts_with("40") || state.starts_with("53")
                            || state == "55P03" || state == "57014"
                    })
            }
            _ => false,
        }
    }
}
