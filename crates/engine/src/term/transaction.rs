//! The connection that works under a term, and the transactions it hands out.
//!
//! The guard runs as the last statement, pipelined with the commit: late, so that a paused holder
//! delays nobody's takeover, and both results are awaited, since a `COMMIT` of a failed transaction
//! answers success with the tag ROLLBACK.

use super::lease::{Claim, Term};
use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::options::Options;
use crate::pause::{Hook, PausePoint};
use changeover_plan::StepId;
use tokio_postgres::{Client, Statement};

const REGISTER_BACKEND: &str = include_str!("sql/register_backend.sql");
const GUARD: &str = "SELECT changeover.guard($1, $2, $3)";

/// A connection that works under a term. Everything that changes anything goes through it.
pub(crate) struct Worker {
    connection: Connection,
    claim: Claim,
    guard: Statement,
    pid: i32,
    hook: Hook,
    /// A transaction was dropped without an end; the next one rolls it back first.
    dirty: bool,
}

impl Worker {
    /// Opens the connection and registers its backend under the term, so that a successor can end it.
    pub(crate) async fn open(options: &Options, url: &str, term: &Term) -> Result<Self, Error> {
        let connection = connection::open(url, &options.application_name(), Purpose::Work).await?;
        let claim = term.claim().clone();
        let row = connection
            .client
            .query_opt(REGISTER_BACKEND, &[&claim.app, &claim.epoch, &claim.holder])
            .await
            .map_err(|source| Error::sql("registering the working backend", source))?
            .ok_or(Error::TermLost)?;
        let guard = connection
            .client
            .prepare(GUARD)
            .await
            .map_err(|source| Error::sql("preparing the guard", source))?;
        let pid = row.get(0);
        Ok(Self { connection, claim, guard, pid, hook: options.hook.clone(), dirty: false })
    }

    /// The backend's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// The term's number.
    pub(crate) fn epoch(&self) -> i64 {
        self.claim.epoch
    }

    /// The client, for reading and for statements that PostgreSQL forbids in a transaction.
    pub(crate) fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Cancels what runs now on the server.
    pub(crate) async fn cancel(&self) {
        self.connection.cancel().await;
    }

    /// Tells the hook where we are.
    pub(crate) async fn pause(&self, point: PausePoint, step: Option<&StepId>) {
        self.hook.reached(point, step, self.pid).await;
    }

    /// Begins a transaction that can only be committed while the term is held.
    pub(crate) async fn begin(&mut self) -> Result<GuardedTransaction<'_>, Error> {
        let sql = |source| Error::sql("beginning a transaction", source);
        if self.dirty {
            self.connection.client.batch_execute("ROLLBACK").await.map_err(sql)?;
        }
        self.dirty = true;
        // READ COMMITTED whatever the role's default is: the guard must reread after a wait.
        self.connection
            .client
            .batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await
            .map_err(sql)?;
        Ok(GuardedTransaction { worker: self })
    }
}

/// A transaction under a term. Dropped without [`GuardedTransaction::commit`], it is rolled back.
pub(crate) struct GuardedTransaction<'a> {
    worker: &'a mut Worker,
}

impl GuardedTransaction<'_> {
    /// The client; what runs on it is part of this transaction.
    pub(crate) fn client(&self) -> &Client {
        &self.worker.connection.client
    }

    /// The term's number.
    pub(crate) fn epoch(&self) -> i64 {
        self.worker.claim.epoch
    }

    /// Tells the hook where we are.
    pub(crate) async fn pause(&self, point: PausePoint, step: Option<&StepId>) {
        self.worker.pause(point, step).await;
    }

    /// Guards and commits, in one round trip. [`Error::TermLost`]: nothing was committed.
    /// Model: `SendCommit`, `Commit`, `FenceAtCommit`.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let claim = &self.worker.claim;
        let client = &self.worker.connection.client;
        // Both futures are polled in this order, so the server gets the guard first.
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&claim.app, &claim.epoch, &claim.holder];
        let (guarded, committed) = tokio::join!(
            biased;
            client.execute(&self.worker.guard, &parameters),
            client.batch_execute("COMMIT"),
        );
        guarded.map_err(|source| Error::sql("the guard", source))?;
        committed.map_err(|source| Error::sql("committing", source))?;
        self.worker.dirty = false;
        Ok(())
    }

    /// Rolls back.
    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.worker
            .connection
            .client
            .batch_execute("ROLLBACK")
            .await
            .map_err(|source| Error::sql("rolling back", source))?;
        self.worker.dirty = false;
        Ok(())
    }
}
