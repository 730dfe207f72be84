//! The connection that works under a term, and the transactions it hands out.
//!
//! The guard runs as the last statement, with the commit ([`commit_behind`]); a guard that passes shows
//! that the transaction has not failed.
//!
//! Invariants: only [`GuardedTransaction`] has methods that write; beyond the types, the session is
//! read-only by default, so the server refuses what would get past them. The exception is
//! [`GuardedConnection::unguarded`], for what PostgreSQL forbids in a transaction (law 5): the backend was
//! registered under the guard, and the next holder ends it first.

use super::claim::Claim;
use super::lease::Term;
use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::fence::commit_behind;
use crate::options::Options;
use crate::pause::{Hook, Pause, PausePoint};
use changeover_plan::Step;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

const REGISTER_BACKEND: &str = include_str!("sql/register_backend.sql");
const GUARD: &str = "SELECT changeover.guard($1, $2, $3)";

/// A connection that works under a term. Everything that changes anything goes through it.
pub struct GuardedConnection {
    connection: Connection,
    claim: Claim,
    guard: Statement,
    pid: i32,
    hook: Hook,
    /// What every transaction begins with.
    begin: String,
    /// A transaction was dropped without an end; the next one rolls it back first.
    dirty: bool,
}

/// Looks at the database without a guard: has no method that writes.
pub struct Reader<'a>(&'a Client);

impl Reader<'_> {
    /// Any number of rows.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.0.query(sql, parameters).await
    }

    /// At most one row.
    pub async fn query_opt(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, tokio_postgres::Error> {
        self.0.query_opt(sql, parameters).await
    }
}

impl GuardedConnection {
    /// Opens the connection and registers its backend under the guard, so that a successor can end it.
    pub async fn open(options: &Options, url: &str, term: &Term) -> Result<Self, Error> {
        Self::under(options, url, term.claim().clone()).await
    }

    /// Opens another one under the same term, to work beside this one.
    pub async fn open_beside(&self, options: &Options, url: &str) -> Result<Self, Error> {
        Self::under(options, url, self.claim.clone()).await
    }

    async fn under(options: &Options, url: &str, claim: Claim) -> Result<Self, Error> {
        // The number stands in the name: a list of sessions shows under which term each works.
        let purpose = Purpose::Work;
        let name = format!("{}/{}/{}", options.application_name(), purpose.as_str(), claim.epoch);
        let connection = connection::open_named(url, &name, purpose).await?;
        let sql = |source| Error::sql("preparing the guard", source);
        let guard = connection.client.prepare(GUARD).await.map_err(sql)?;
        let begin = begin_statement(options.label_commits.then_some(claim.epoch));
        let hook = options.hook.clone();
        let mut worker = Self { connection, claim, guard, pid: 0, hook, begin, dirty: false };
        worker.register().await?;
        Ok(worker)
    }

    async fn register(&mut self) -> Result<(), Error> {
        let Claim { app, epoch, holder } = self.claim.clone();
        let sql = |source| Error::sql("registering the working backend", source);
        let Some(backend) = self.connection.own_backend().await.map_err(sql)? else {
            return Err(Error::Invalid(
                "the server does not say when this session began, without which a successor could not \
                 end it"
                    .to_owned(),
            ));
        };
        let transaction = self.begin().await?;
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&app, &epoch, &holder, &backend.pid, &backend.began_us];
        let row = transaction.client().query_one(REGISTER_BACKEND, &parameters);
        let pid = row.await.map_err(sql)?.get(0);
        transaction.commit().await?;
        self.pid = pid;
        Ok(())
    }

    /// The backend's process id.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Under which term it works.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// For reading outside of a transaction.
    pub fn reader(&self) -> Reader<'_> {
        Reader(&self.connection.client)
    }

    /// For statements that PostgreSQL forbids in a transaction (law 5), and nothing else.
    pub fn unguarded(&self) -> &Client {
        &self.connection.client
    }

    /// Cancels what runs now on the server.
    pub async fn cancel(&self) {
        self.connection.cancel().await;
    }

    /// Tells the hook where we are.
    pub async fn pause(&self, point: PausePoint, step: Option<&Step>) {
        self.hook.reached(Pause::at(point, step, self.claim.epoch, self.pid)).await;
    }

    /// Begins a transaction that can only be committed while the term is held.
    pub async fn begin(&mut self) -> Result<GuardedTransaction<'_>, Error> {
        Ok(self.begin_with(async |_| ()).await?.0)
    }

    /// The same, with what `first` sends when it is first polled in the same round trip. Where the beginning
    /// itself fails, what came behind it has changed nothing: outside of a transaction the session only reads.
    pub async fn begin_with<T>(
        &mut self,
        first: impl AsyncFnOnce(&Client) -> T,
    ) -> Result<(GuardedTransaction<'_>, T), Error> {
        let sql = |source| Error::sql("beginning a transaction", source);
        let client = &self.connection.client;
        if self.dirty {
            client.batch_execute("ROLLBACK").await.map_err(sql)?;
        }
        self.dirty = true;
        // Polled in this order, so the server gets the beginning first.
        let (begun, answer) =
            tokio::join!(biased; client.batch_execute(&self.begin), first(client));
        begun.map_err(sql)?;
        Ok((GuardedTransaction { worker: self }, answer))
    }
}

/// READ COMMITTED whatever the role's default is: the guard must reread after a wait. With a label, the
/// transaction says in the write-ahead log under which term it was begun, which logical decoding shows
/// beside its place in the order of commits.
fn begin_statement(label: Option<i64>) -> String {
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE";
    match label {
        None => begin.to_owned(),
        Some(epoch) => format!(
            "{begin}; SELECT pg_catalog.pg_logical_emit_message(true, 'changeover', 'epoch={epoch}')"
        ),
    }
}

/// A transaction under a term. Dropped without [`GuardedTransaction::commit`], it is rolled back.
pub struct GuardedTransaction<'a> {
    worker: &'a mut GuardedConnection,
}

impl GuardedTransaction<'_> {
    /// The client; what runs on it is part of this transaction.
    pub fn client(&self) -> &Client {
        &self.worker.connection.client
    }

    /// The term's number.
    pub fn epoch(&self) -> i64 {
        self.worker.claim.epoch
    }

    /// Tells the hook where we are.
    pub async fn pause(&self, point: PausePoint, step: Option<&Step>) {
        self.worker.pause(point, step).await;
    }

    /// Cancels what runs now on the server.
    pub async fn cancel(&self) {
        self.worker.cancel().await;
    }

    /// Guards now, besides at the commit: from here to the end of the transaction nobody is granted
    /// the next term. For work that is long, that nobody waits for, and that a takeover would undo.
    pub async fn guard_early(&self) -> Result<(), Error> {
        let claim = &self.worker.claim;
        self.client()
            .execute(&self.worker.guard, &[&claim.app, &claim.epoch, &claim.holder])
            .await
            .map_err(|source| Error::sql("the early guard", source))?;
        Ok(())
    }

    /// Guards and commits, in one round trip. [`Error::TermLost`]: nothing was committed.
    /// Model: `SendCommit`, `Commit`, `FenceAtCommit`.
    pub async fn commit(self) -> Result<(), Error> {
        self.commit_with(async |_| Ok(()), async |_| ()).await
    }

    /// The same in one round trip with the transaction's last statement before, and with what only reads
    /// behind. Each must send all that it sends when it is first polled.
    ///
    /// A failure of `last` on the server fails the guard too and rolls back, so its answer is looked at first.
    /// Where it fails before it has sent, nothing is committed either.
    pub async fn commit_with<T>(
        self,
        last: impl AsyncFnOnce(&Client) -> Result<(), Error>,
        then: impl AsyncFnOnce(&Client) -> T,
    ) -> Result<T, Error> {
        let claim = &self.worker.claim;
        let client = &self.worker.connection.client;
        let parameters: [&(dyn ToSql + Sync); 3] = [&claim.app, &claim.epoch, &claim.holder];
        let guard = client.execute(&self.worker.guard, &parameters);
        let mut last = pin!(last(client));
        let sent = poll_fn(|context| Poll::Ready(last.as_mut().poll(context))).await;
        if let Poll::Ready(Err(error)) = sent {
            return Err(error);
        }
        let last = async { if sent.is_pending() { last.await } else { Ok(()) } };
        let (last, (guarded, committed), answer) =
            tokio::join!(biased; last, commit_behind(client, guard), then(client));
        last?;
        guarded.map_err(|source| Error::sql("the guard", source))?;
        committed.map_err(|source| Error::sql("committing", source))?;
        self.worker.dirty = false;
        Ok(answer)
    }

    /// Rolls back and begins another one.
    pub async fn begin_again(self) -> Result<Self, Error> {
        let Self { worker } = self;
        // Left open, so the next beginning rolls it back.
        worker.begin().await
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), Error> {
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
