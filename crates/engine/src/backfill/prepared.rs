//! The plain statements of a part, prepared once on a connection, so that a batch takes two round trips: one
//! begins and fills, one saves the cursor, commits and finds the next range.
//!
//! Each function here sends all that it sends when it is first polled; the server gets it in that order, and
//! every answer is awaited. Where the plain way fails, `batch` goes on carefully. SQL: the plan's,
//! `sql/open.sql`, `sql/others_fire.sql`.

use super::batch::{Batch, Filled, OPEN, Range};
use super::differing::Differing;
use super::failure::Failure;
use crate::error::Error;
use crate::term::{GuardedConnection, GuardedTransaction};
use changeover_plan::model::backfill::PartSql;
use std::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

const OTHERS_FIRE: &str = include_str!("sql/others_fire.sql");

/// What a statement has failed by.
type Failed = (Failure, tokio_postgres::Error);

/// The statements of one part, on one connection.
pub(crate) struct Prepared {
    open: Statement,
    next_range: Statement,
    /// Fills a range, or looks for rows in it that differ.
    work: Statement,
    /// Whether a batch computes all that the trigger would.
    skips_trigger: bool,
}

/// A transaction in which a range was filled.
pub(crate) struct FilledRange<'a> {
    /// The transaction, not committed; to be rolled back where the range must be done by fewer rows.
    pub(crate) transaction: GuardedTransaction<'a>,
    /// How it was filled.
    pub(crate) filled: Filled,
}

impl Batch<'_> {
    /// Prepares what [`Batch::begin_filled`] needs.
    pub(crate) async fn prepare_to_fill(
        &self,
        worker: &mut GuardedConnection,
    ) -> Result<Prepared, Error> {
        self.prepare(worker, &self.sql.fill).await
    }

    /// Prepares what [`Batch::begin_checked`] needs. Nothing that writes: preparing that takes its locks.
    pub(crate) async fn prepare_to_check(
        &self,
        worker: &mut GuardedConnection,
    ) -> Result<Prepared, Error> {
        self.prepare(worker, &self.sql.check).await
    }

    /// Looks also whether the sync trigger need not fire for a batch: where nothing else does that could
    /// change what the batch has read.
    async fn prepare(
        &self,
        worker: &mut GuardedConnection,
        work: &PartSql,
    ) -> Result<Prepared, Error> {
        let transaction = worker.begin().await?;
        let client = transaction.client();
        let sql = |source| Error::sql("preparing a batch", source);
        let (next_range, work) = (self.text(&self.sql.next_range), self.text(work));
        let part = self.part.table.to_string();
        let (open, next_range, work, others) = tokio::try_join!(
            client.prepare(OPEN),
            client.prepare(&next_range),
            client.prepare(&work),
            async { client.query_one(OTHERS_FIRE, &[&part]).await },
        )
        .map_err(sql)?;
        transaction.rollback().await?;
        let skips_trigger = !self.trigger.is_empty() && !others.get::<_, bool>(0);
        Ok(Prepared { open, next_range, work, skips_trigger })
    }

    /// Finds a range in a transaction of its own that only reads.
    pub(crate) async fn look_ahead(
        &self,
        client: &Client,
        prepared: &Prepared,
        bounds: (Option<&[String]>, &[String]),
        rows: u32,
    ) -> Result<Option<(Vec<String>, u64)>, Error> {
        let sql = |source| Error::sql("finding the next range", source);
        let (begun, set, found, ended) = tokio::join!(
            biased;
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY"),
            self.set(client, &prepared.open, ""),
            self.next_range(client, &prepared.next_range, bounds, rows),
            client.batch_execute("COMMIT"),
        );
        begun.map_err(sql)?;
        set?;
        let found = found?;
        ended.map_err(sql)?;
        Ok(found)
    }

    /// Begins a transaction and fills a range in it.
    pub(crate) async fn begin_filled<'c>(
        &self,
        worker: &'c mut GuardedConnection,
        prepared: &Prepared,
        range: Range<'_>,
    ) -> Result<FilledRange<'c>, Error> {
        let filling = if prepared.skips_trigger { self.trigger } else { "" };
        let parameters = range.parameters();
        let fill = async |client: &Client| client.execute(&prepared.work, &parameters).await;
        match self.begin_work(worker, prepared, filling, fill).await? {
            (transaction, Ok(written)) => {
                Ok(FilledRange { transaction, filled: Filled::Written(written) })
            }
            (transaction, Err(failed)) => {
                let (transaction, failed) =
                    self.begin_carefully(transaction, failed, "filling a range").await?;
                let filled = self.fill_carefully(&transaction, range, failed).await?;
                Ok(FilledRange { transaction, filled })
            }
        }
    }

    /// Begins a transaction and looks in it for rows of a range that differ.
    pub(crate) async fn begin_checked<'c>(
        &self,
        worker: &'c mut GuardedConnection,
        prepared: &Prepared,
        range: Range<'_>,
    ) -> Result<(GuardedTransaction<'c>, Differing), Error> {
        let (front, part) = (self.front(), self.part.name());
        let [upper, lower] = range.parameters();
        let parameters: [&(dyn ToSql + Sync); 5] = [upper, lower, &self.app, &front, &part];
        let check = async |client: &Client| client.query_one(&prepared.work, &parameters).await;
        match self.begin_work(worker, prepared, "", check).await? {
            (transaction, Ok(row)) => Ok((transaction, Differing::of(&row))),
            (transaction, Err(failed)) => {
                let (transaction, failed) =
                    self.begin_carefully(transaction, failed, "checking a range").await?;
                let found = self.count_carefully(&transaction, range, failed).await?;
                Ok((transaction, found))
            }
        }
    }

    /// Begins a transaction with the batch's settings and runs `work` in it, all in one round trip. There is no
    /// savepoint: rows written in a subtransaction cost more, to us and to all who read them later. What fails
    /// is begun once more.
    async fn begin_work<'c, T>(
        &self,
        worker: &'c mut GuardedConnection,
        prepared: &Prepared,
        filling: &str,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<(GuardedTransaction<'c>, Result<T, Failed>), Error> {
        let began = Instant::now();
        let first = async |client: &Client| {
            tokio::join!(
                biased;
                self.set(client, &prepared.open, filling),
                work(client),
            )
        };
        let (transaction, (set, worked)) = worker.begin_with(first).await?;
        set?;
        let failed = |source| (Failure::of(&source, began.elapsed(), self.limit()), source);
        Ok((transaction, worked.map_err(failed)))
    }

    /// A transaction in place of one that has failed; all triggers compute what is done in it.
    ///
    /// # Errors
    /// Where the failure ends the step.
    async fn begin_carefully<'c>(
        &self,
        failed: GuardedTransaction<'c>,
        (failure, source): Failed,
        action: &str,
    ) -> Result<(GuardedTransaction<'c>, Failed), Error> {
        if matches!(failure, Failure::Cancelled | Failure::Other) {
            return Err(failure.ended(action, source));
        }
        let transaction = failed.begin_again().await?;
        self.open(&transaction).await?;
        Ok((transaction, (failure, source)))
    }
}
