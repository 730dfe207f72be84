//! What the end of a batch's statement means.
//!
//! A row that raises is not known by its SQLSTATE: functions of authors and triggers raise what they
//! like. So all that is not known to be about the server, a lock or the time counts as about a row, and
//! is believed once the row fails alone while the server can still plan the statement (`parked.rs`).
//!
//! 57014 has three causes. A lock never is one: our `lock_timeout` is far below our
//! `statement_timeout` and ends with 55P03. The statement timeout fires when its time is over, counted
//! on the server from when the statement came, so here at least as much has passed. Earlier it was an
//! operator (`pg_cancel_backend`), whose word counts: the step ends, and is tried again later.

use crate::error::Error;
use std::time::Duration;

/// Why a batch's statement failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Somebody holds a lock that it needs.
    Locked,
    /// It ran into its own time limit.
    TooLong,
    /// A row of it raises, or is rejected by a constraint or a trigger.
    Row,
    /// Somebody has cancelled it.
    Cancelled,
    /// The server, the connection, the term.
    Other,
}

impl Failure {
    /// Reads an error of a statement that took `took` under a limit of `limit`.
    pub(crate) fn of(source: &tokio_postgres::Error, took: Duration, limit: Duration) -> Self {
        let Some(state) = source.code().map(tokio_postgres::error::SqlState::code) else {
            return Self::Other;
        };
        match state {
            // Lock not available, deadlock, serialization failure.
            "55P03" | "40P01" | "40001" => Self::Locked,
            "57014" if took >= limit => Self::TooLong,
            "57014" => Self::Cancelled,
            // The ledger's own, among them the fence.
            state if state.starts_with("CO0") => Self::Other,
            // The connection, the transaction (a server that became a standby), logins, resources of
            // the server, an operator's hand, the system.
            state if ["08", "25", "28", "53", "57", "58"].contains(&&state[..2]) => Self::Other,
            _ => Self::Row,
        }
    }

    /// The error for the failures that end a step.
    pub(crate) fn ended(self, action: &str, source: tokio_postgres::Error) -> Error {
        match self {
            Self::Cancelled => Error::Cancelled { action: action.to_owned(), source },
            _ => Error::sql(action, source),
        }
    }
}
