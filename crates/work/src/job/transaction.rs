//! The transaction in which a job's effects happen, and in which it is finished.
//!
//! `finish_v1` is its last statement, sent with `COMMIT` ([`commit_behind`]): the one that does not hold
//! the job any more is refused there, and with it everything that he has done.

use super::claim::{self, Claimed, Job};
use super::ledger;
use crate::connection::{Connection, Purpose};
use crate::error::{Error, chain};
use crate::fence::commit_behind;
use crate::instance::open_for;
use crate::options::Options;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What every unit needs.
pub(super) struct Context {
    pub(super) options: Arc<Options>,
    pub(super) instance: Uuid,
    /// Cancelled when the budget of a drain is spent.
    pub(super) cut: CancellationToken,
}

impl Context {
    pub(super) async fn open(&self) -> Result<Connection, Error> {
        open_for(&self.options, Purpose::Job).await
    }
}

/// The open transaction of a job, or of a batch of jobs.
pub struct JobTransaction {
    connection: Connection,
}

impl JobTransaction {
    /// The client; what runs on it is part of this transaction.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Reads the jobs and begins, in one round trip. Read before and not within it: the one that runs for
    /// long holds no lock on the queue.
    ///
    /// READ COMMITTED whatever the role's default is: the finish must reread after a wait.
    pub(super) async fn begin(
        connection: Connection,
        context: &Context,
        claimed: &[Claimed],
        idle_max: Duration,
    ) -> Result<(Self, Result<Vec<Job>, Error>), Error> {
        let statement = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; \
             SET LOCAL idle_in_transaction_session_timeout = {}",
            idle_max.as_millis().clamp(100, 3_600_000)
        );
        let client = &connection.client;
        let (jobs, begun) = tokio::join!(
            biased;
            claim::read(client, context.instance, &context.options.app, claimed),
            client.batch_execute(&statement),
        );
        begun.map_err(|source| Error::sql("beginning a job's transaction", source))?;
        Ok((Self { connection }, jobs))
    }

    /// Finishes the jobs and commits, in one round trip. An error: nothing of it happened, unless the
    /// connection was lost on the way.
    pub(super) async fn finish(self, instance: Uuid, jobs: &[Job]) -> Finish {
        let client = &self.connection.client;
        let (finished, committed) =
            commit_behind(client, ledger::finish(client, instance, jobs)).await;
        let outcome = finished.and_then(|()| {
            committed.map_err(|source| Error::sql("committing a job's effects", source))
        });
        Finish { outcome, connection: usable(self.connection) }
    }

    /// Rolls back; the connection, if it still serves.
    pub(super) async fn roll_back(self) -> Option<Connection> {
        match self.connection.client.batch_execute("ROLLBACK").await {
            Ok(()) => usable(self.connection),
            Err(error) => {
                tracing::debug!(
                    error = chain(&error),
                    "not rolled back: the connection is given up"
                );
                None
            }
        }
    }

    /// Ends it while a statement runs: cancelled, and the session with it, so that it is rolled back.
    pub(super) async fn cut(self) {
        self.connection.cancel().await;
    }
}

/// What became of a finish.
pub(super) struct Finish {
    pub(super) outcome: Result<(), Error>,
    pub(super) connection: Option<Connection>,
}

/// The connection, if it still serves.
pub(super) fn usable(connection: Connection) -> Option<Connection> {
    (!connection.client.is_closed()).then_some(connection)
}
