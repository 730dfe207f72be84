//! Makes the slot before a scenario, and reads it afterwards on the primary that survived.
//!
//! A slot sees what is committed after it was made, so the one that makes it lets nobody in before. It keeps
//! all WAL from then on: [`CommitOrder::read`] drops it. A logical slot does not pass to a standby, so
//! after a promotion a new one is made on the new primary before anybody is let in there.

use super::decoded::{self, History};
use crate::error::VerifyError;
use crate::trial::connect;
use std::time::Duration;
use tokio_postgres::Client;

const INSTALL: &str = include_str!("sql/install.sql");
const EPOCH: &str = "SELECT coalesce((SELECT to_jsonb(t) ->> 'epoch' FROM changeover.term t \
                      WHERE t.app = $1), '0')::bigint";
const MAKE: &str = "SELECT pg_create_logical_replication_slot($1, 'test_decoding')";
/// Commits something that no table sees, and waits for the disk: decoding shows what is flushed only,
/// and batches of a backfill do not wait for that.
const FLUSH: &str =
    "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'flush', '')";
const READ: &str =
    "SELECT data FROM pg_logical_slot_get_changes($1, NULL, NULL, 'include-xids', '1')";
const DROP: &str = "SELECT pg_drop_replication_slot($1)";

/// Making a slot waits for transactions that run; there should be none.
const SLOT_WAIT: Duration = Duration::from_secs(30);

/// A slot that records.
#[derive(Debug)]
pub struct CommitOrder {
    superuser_url: String,
    app: String,
    slot: String,
    epoch: i64,
}

impl CommitOrder {
    /// Puts what is needed into a database, or into the template of some. Needs a superuser.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn install(superuser_url: &str) -> Result<(), VerifyError> {
        let client = connect(superuser_url, "commit_order", "installing event triggers").await?;
        client.batch_execute(INSTALL).await.map_err(VerifyError::sql("installing event triggers"))
    }

    /// Begins to record what commits in this database. The server needs `wal_level = logical`; `slot`
    /// is a name that the server has no slot of.
    ///
    /// # Errors
    /// When the slot cannot be made within its bound.
    pub async fn begin(superuser_url: &str, app: &str, slot: &str) -> Result<Self, VerifyError> {
        let client = connect(superuser_url, "commit_order", "recording the commit order").await?;
        let bound = format!("SET statement_timeout = {}", SLOT_WAIT.as_millis());
        let sql = || VerifyError::sql("making a logical slot");
        client.batch_execute(&bound).await.map_err(sql())?;
        client.query_one(MAKE, &[&slot]).await.map_err(sql())?;
        let epoch = epoch(&client, app).await?;
        Ok(Self {
            superuser_url: superuser_url.to_owned(),
            app: app.to_owned(),
            slot: slot.to_owned(),
            epoch,
        })
    }

    /// Everything that was committed since, in this order; drops the slot.
    ///
    /// # Errors
    /// When the slot cannot be read, or gives what is not understood.
    pub async fn read(self) -> Result<History, VerifyError> {
        let lines = self.read_lines().await?;
        let transactions = decoded::transactions(&lines, &self.app)?;
        Ok(History { epoch: self.epoch, transactions })
    }

    /// The same as `test_decoding` prints it; drops the slot.
    ///
    /// # Errors
    /// When the slot cannot be read.
    pub async fn read_lines(&self) -> Result<Vec<String>, VerifyError> {
        let client = connect(&self.superuser_url, "commit_order", "reading a logical slot").await?;
        client.batch_execute(FLUSH).await.map_err(VerifyError::sql("flushing"))?;
        let rows = client
            .query(READ, &[&self.slot])
            .await
            .map_err(VerifyError::sql("reading the logical slot"))?;
        client
            .query_one(DROP, &[&self.slot])
            .await
            .map_err(VerifyError::sql("dropping the logical slot"))?;
        Ok(rows.into_iter().map(|row| row.get(0)).collect())
    }
}

/// The term's epoch where there is a ledger with one, else 0.
async fn epoch(client: &Client, app: &str) -> Result<i64, VerifyError> {
    let sql = || VerifyError::sql("reading the term");
    let there = "SELECT to_regclass('changeover.term') IS NOT NULL";
    if !client.query_one(there, &[]).await.map_err(sql())?.get::<_, bool>(0) {
        return Ok(0);
    }
    Ok(client.query_one(EPOCH, &[&app]).await.map_err(sql())?.get(0))
}
