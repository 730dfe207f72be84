//! The time during which this process owns a worker.
//!
//! Work is done in transactions that only commit while it lasts ([`Tenure::begin`]). The connection is
//! the service's and may be pooled: each transaction sets its own bounds.

use super::lease::Claim;
use super::transaction::{WorkTransaction, commit_statement};
use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::instance::open_for;
use crate::options::Options;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long a statement of a unit of work may take; a transaction that needs more sets its own.
const STATEMENT_LIMIT: Duration = Duration::from_secs(30);
/// How long it may wait for a lock: somebody else's unit is shorter, and who waits holds others up.
const LOCK_LIMIT: Duration = Duration::from_secs(5);

/// For how long rolling back may take before what runs is cancelled: a statement whose future was
/// dropped goes on at the server, and nothing is answered before it ends.
const ROLLBACK_PATIENCE: Duration = Duration::from_millis(200);
/// For how long it may take after that, before the connection is given up.
const ROLLBACK_WAIT: Duration = Duration::from_secs(2);

/// The time during which this process owns a worker, and the way to write under it.
pub struct Tenure {
    claim: Claim,
    options: Arc<Options>,
    asked: CancellationToken,
    begin: String,
    commit: String,
    connection: Option<Connection>,
    /// A transaction was begun and has not ended by itself.
    open: bool,
}

impl Tenure {
    pub(super) fn new(claim: Claim, options: Arc<Options>, asked: CancellationToken) -> Self {
        let (begin, commit) = (begin_statement(&claim, &options), commit_statement(&claim));
        Self { claim, options, asked, begin, commit, connection: None, open: false }
    }

    /// The number under which the worker is owned; only grows, on one timeline.
    pub fn epoch(&self) -> i64 {
        self.claim.epoch
    }

    /// `(timeline, epoch)`: for receivers outside of the database that can refuse what is older than
    /// the highest they have seen. After a failover that lost commits an epoch may come again; the
    /// timeline then is a higher one.
    pub fn token(&self) -> (i64, i64) {
        (self.claim.timeline, self.claim.epoch)
    }

    /// Cancelled when this unit of work is to be the last: end it soon ([`super::SingletonWorker::handover`])
    /// or go on later elsewhere.
    pub fn asked_to_stop(&self) -> &CancellationToken {
        &self.asked
    }

    /// Begins a transaction that can only be committed while the worker is owned.
    pub async fn begin(&mut self) -> Result<WorkTransaction<'_>, Error> {
        self.clean().await;
        if self.connection.as_ref().is_none_or(|open| open.client.is_closed()) {
            self.connection = Some(open_for(&self.options, Purpose::Owner).await?);
        }
        let Some(connection) = self.connection.as_ref() else {
            return Err(Error::Stopped);
        };
        self.open = true;
        connection
            .client
            .batch_execute(&self.begin)
            .await
            .map_err(|source| Error::sql("beginning a unit of work", source))?;
        let (claim, commit) = (&self.claim, self.commit.as_str());
        Ok(WorkTransaction { connection, claim, commit, open: &mut self.open })
    }

    /// Rolls back what a unit of work has left open, so that no lock is held during a pause.
    pub(super) async fn clean(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        // Taken, so that it is closed, which rolls back as well, where rolling back does not work.
        let Some(connection) = self.connection.take() else { return };
        if roll_back(&connection).await {
            self.connection = Some(connection);
        }
    }

    /// Ends what runs on the server, and the connection.
    pub(super) async fn cut(&mut self) {
        if let Some(connection) = self.connection.take()
            && std::mem::take(&mut self.open)
        {
            connection.cancel().await;
        }
    }
}

/// Whether it was rolled back.
async fn roll_back(connection: &Connection) -> bool {
    let mut rolled_back = pin!(connection.client.batch_execute("ROLLBACK"));
    let ended = match timeout(ROLLBACK_PATIENCE, &mut rolled_back).await {
        Ok(ended) => Ok(ended),
        Err(_elapsed) => {
            connection.cancel().await;
            timeout(ROLLBACK_WAIT, rolled_back).await
        }
    };
    matches!(ended, Ok(Ok(())))
}

/// READ COMMITTED whatever the role's default is: the guard must reread after a wait. Idle for less than
/// the lease: the locks of a process that is paused must not hold up its successor. With a label, the
/// transaction says in the write-ahead log whose it is, which logical decoding shows beside its place in
/// the order of commits.
fn begin_statement(claim: &Claim, options: &Options) -> String {
    let mut statement = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL statement_timeout = {}; \
         SET LOCAL lock_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = {}",
        STATEMENT_LIMIT.as_millis(),
        LOCK_LIMIT.as_millis(),
        (options.timing.lease / 2).as_millis().max(1),
    );
    if options.label_commits {
        // A name may hold a quote.
        let name = claim.worker.replace('\'', "''");
        statement.push_str(&format!(
            "; SELECT pg_catalog.pg_logical_emit_message(true, 'changeover', 'worker={name} epoch={}')",
            claim.epoch
        ));
    }
    statement
}
