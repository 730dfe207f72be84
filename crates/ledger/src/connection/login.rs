//! What a session does as the role that logged in, where that role acts as another (`ALTER ROLE … SET role`,
//! `options=-c role=…`).
//!
//! Of a session of another role the server hides when it began, and lets nobody end it; and to `SET ROLE
//! owner` one's own session is another role's. Statements go in one message with `SET LOCAL ROLE NONE`: the
//! server makes that one transaction, so nothing is left behind wherever it ends.

use super::Connection;
use tokio_postgres::{Error, SimpleQueryMessage, SimpleQueryRow};

const OWN_BACKEND: &str = include_str!("sql/own_backend.sql");

/// A backend, so that it can be told from a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its process.
    pub pid: i32,
    /// When it began, in microseconds since 1970.
    pub began_us: i64,
}

impl Connection {
    /// Runs one statement as the role that logged in, and returns its rows.
    pub async fn query_as_login(&self, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
        let answer = self.client.simple_query(&format!("SET LOCAL ROLE NONE;\n{sql}")).await?;
        let rows = answer.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// This session's backend; `None` where the server doesn't say when it began.
    pub async fn own_backend(&self) -> Result<Option<Backend>, Error> {
        let rows = self.query_as_login(OWN_BACKEND).await?;
        Ok(rows.first().and_then(backend))
    }
}

/// A row of a process and of when it began.
fn backend(row: &SimpleQueryRow) -> Option<Backend> {
    Some(Backend { pid: row.get(0)?.parse().ok()?, began_us: row.get(1)?.parse().ok()? })
}
