//! Gates in the middle of units: while one is closed, every unit that has made its first write waits at the
//! server, and so does its transaction. SQL: `common_work.sql`.
//!
//! Called by [`super::strike`], which strikes those that wait there. A gate opens with its connection.

use anyhow::Context;
use tokio_postgres::{Client, NoTls};

/// Whose units wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    /// The singleton of all languages.
    Tally = 1,
    /// The job of all languages.
    Greet = 2,
    /// A singleton of central's.
    Reprocessor = 3,
}

/// The sessions that wait at the gate, the first first, by their application's name; and how long the
/// oldest transaction has been there.
const WAITING: &str = "SELECT a.application_name
   FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.classid = 7 AND l.objid::int = $1 AND NOT l.granted
    AND l.mode = 'ShareLock'
  ORDER BY a.xact_start";

/// A gate that is closed.
pub(super) struct Closed {
    client: Client,
    gate: Gate,
}

impl Gate {
    /// The singleton's name, where it is one.
    pub(super) fn worker(self) -> Option<&'static str> {
        match self {
            Self::Tally => Some("tally"),
            Self::Reprocessor => Some("reprocessor"),
            Self::Greet => None,
        }
    }

    /// Closes it: units that have passed it end first, which takes milliseconds.
    pub(super) async fn close(self, superuser_url: &str) -> anyhow::Result<Closed> {
        let (client, connection) = tokio_postgres::connect(superuser_url, NoTls).await?;
        tokio::spawn(connection);
        let lock = "SET lock_timeout = '5s'";
        client.batch_execute(lock).await?;
        client
            .execute("SELECT pg_advisory_lock(7, $1)", &[&(self as i32)])
            .await
            .context("closing a gate")?;
        Ok(Closed { client, gate: self })
    }
}

impl Closed {
    /// Who waits, by the names of their sessions.
    pub(super) async fn waiting(&self) -> anyhow::Result<Vec<String>> {
        let rows = self.client.query(WAITING, &[&(self.gate as i32)]).await?;
        Ok(rows.into_iter().map(|row| row.get(0)).collect())
    }

    /// All go on.
    pub(super) async fn open(self) -> anyhow::Result<()> {
        self.client.execute("SELECT pg_advisory_unlock(7, $1)", &[&(self.gate as i32)]).await?;
        Ok(())
    }
}
