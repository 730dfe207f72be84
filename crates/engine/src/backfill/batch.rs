//! One range of a backfill: finding it, filling it. [`super::by_index`] asserts its plan, and
//! [`super::prepared`] sends the plain statements.
//!
//! A plain `UPDATE` of the range is fastest and right: where a row changed since the snapshot, READ
//! COMMITTED evaluates condition and expression again on the row as it is now. Where that fails on a
//! lock or on a row, the range is filled carefully (without both); where that fails too, by fewer rows,
//! down to one, which is then kept or parked. So the neighbours of a row are filled, no matter what it does.

use super::failure::Failure;
use super::part::Part;
use crate::error::Error;
use crate::options::{Options, Pace};
use crate::term::GuardedTransaction;
use crate::text::exact;
use changeover_plan::derivation;
use changeover_plan::model::backfill::{Backfill, BackfillSql, PartSql};
use changeover_plan::{Identifier, StepId};
use std::borrow::Cow;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, ToStatement};

pub(super) const OPEN: &str = include_str!("sql/open.sql");
const BACK: &str = include_str!("sql/back.sql");

/// The whole statement of a batch takes at most this many times its target; then it takes fewer rows.
const STATEMENT_FACTOR: u32 = 40;
/// And at least this long, since a busy server may keep even one row waiting.
const STATEMENT_MIN: Duration = Duration::from_secs(1);
/// A range's bounds, and how many rows it held when it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    /// The key before it; `None` from the start.
    pub(crate) lower: Option<&'a [String]>,
    /// Its last key.
    pub(crate) upper: &'a [String],
    /// Rows that it held.
    pub(crate) rows: u64,
}

impl Range<'_> {
    /// Its parameters, in the order that all statements about ranges have.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 2] {
        [&self.upper, &self.lower]
    }
}

/// How a range was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// With this many rows written.
    Written(u64),
    /// Not: it must be done by fewer rows.
    TooMany,
}

/// The statements for one part of a backfill.
pub(crate) struct Batch<'a> {
    pub(super) sql: Cow<'a, BackfillSql>,
    pub(super) part: &'a Part,
    pub(super) pace: &'a Pace,
    pub(super) app: &'a str,
    pub(super) step: &'a StepId,
    /// The trigger that computes the same for everybody else; empty where there is none.
    pub(super) trigger: &'a str,
    settings: (Vec<&'a str>, Vec<&'a str>),
}

impl<'a> Batch<'a> {
    /// For one part. Rows are kept and parked in the name of `step`.
    pub(crate) fn new(
        backfill: &'a Backfill,
        part: &'a Part,
        options: &'a Options,
        step: &'a StepId,
    ) -> Self {
        let settings = backfill.settings.iter().map(|(name, value)| (&**name, &**value)).unzip();
        let sql = derivation::statements(backfill);
        let trigger = backfill.sync_trigger.as_ref().map_or("", Identifier::as_str);
        Self { sql, part, pace: &options.pace, app: &options.app, step, trigger, settings }
    }

    /// The time limit of each statement.
    pub(crate) fn limit(&self) -> Duration {
        (self.pace.batch_target * STATEMENT_FACTOR).max(STATEMENT_MIN)
    }

    /// One of the statements, about this part.
    pub(super) fn text(&self, statement: &PartSql) -> String {
        statement.of(&self.part.table)
    }

    /// Sets what holds for each of our transactions: the author's settings, the bounds, plans by
    /// index, and a commit that need not wait for the disk: cursor and rows are lost together.
    pub(crate) async fn open(&self, transaction: &GuardedTransaction<'_>) -> Result<(), Error> {
        self.set(transaction.client(), OPEN, "").await
    }

    /// The same by a statement that may be prepared; `filling` names the trigger that need not compute what
    /// the batch computes.
    pub(super) async fn set<S: ?Sized + ToStatement>(
        &self,
        client: &Client,
        open: &S,
        filling: &str,
    ) -> Result<(), Error> {
        let (names, values) = &self.settings;
        let lock_timeout = self.pace.row_lock_wait.as_millis().to_string();
        let statement_timeout = self.limit().as_millis().to_string();
        client
            .execute(open, &[names, values, &lock_timeout, &statement_timeout, &filling])
            .await
            .map_err(|source| Error::sql("setting the batch's bounds", source))?;
        Ok(())
    }

    /// The part's last key; `None` where it is empty.
    pub(crate) async fn last_key(
        &self,
        transaction: &GuardedTransaction<'_>,
    ) -> Result<Option<Vec<String>>, Error> {
        let row = transaction
            .client()
            .query_opt(&self.text(&self.sql.last_key), &[])
            .await
            .map_err(|source| Error::sql("finding the last key", source))?;
        row.map(|row| exact(&row, 0, "reading the last key")).transpose()
    }

    /// The last key of the next `rows` rows after `lower` and up to `until`, and how many they are;
    /// `None` at the end.
    pub(crate) async fn next_range<S: ?Sized + ToStatement>(
        &self,
        client: &Client,
        statement: &S,
        (lower, until): (Option<&[String]>, &[String]),
        rows: u32,
    ) -> Result<Option<(Vec<String>, u64)>, Error> {
        let row = client
            .query_opt(statement, &[&until, &lower, &i64::from(rows)])
            .await
            .map_err(|source| Error::sql("finding the next range", source))?;
        row.map(|row| {
            let upper = exact(&row, 1, "reading a range's last key")?;
            Ok((upper, u64::try_from(row.get::<_, i64>(0)).unwrap_or(0)))
        })
        .transpose()
    }

    /// Fills a range. What one of its rows does to its statement, it does to no other row.
    pub(crate) async fn fill(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
    ) -> Result<Filled, Error> {
        let plain = self.text(&self.sql.fill);
        match self.attempt(transaction, &plain, &range.parameters()).await? {
            Ok(written) => Ok(Filled::Written(written)),
            Err(failed) => self.fill_carefully(transaction, range, failed).await,
        }
    }

    /// Fills a range of which the plain way has failed and was taken back.
    pub(super) async fn fill_carefully(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
        (failure, source): (Failure, tokio_postgres::Error),
    ) -> Result<Filled, Error> {
        let action = "filling a range";
        match failure {
            Failure::Locked | Failure::Row => {}
            Failure::TooLong => return self.too_long(range),
            Failure::Cancelled | Failure::Other => return Err(failure.ended(action, source)),
        }
        let careful = self.text(&self.sql.fill_carefully);
        let (step, part) = (self.step.as_str(), self.part.name());
        let [upper, lower] = range.parameters();
        let parameters: [&(dyn ToSql + Sync); 5] = [upper, lower, &self.app, &step, &part];
        let (failure, source) = match self.attempt(transaction, &careful, &parameters).await? {
            Ok(written) => {
                self.check_parked(transaction).await?;
                return Ok(Filled::Written(written));
            }
            Err(failed) => failed,
        };
        match failure {
            Failure::TooLong => self.too_long(range),
            Failure::Cancelled | Failure::Other => Err(failure.ended(action, source)),
            Failure::Locked | Failure::Row if range.rows > 1 => Ok(Filled::TooMany),
            Failure::Locked => {
                self.keep(transaction, range.upper).await?;
                Ok(Filled::Written(0))
            }
            Failure::Row => {
                // What the server cannot even plan is no row's fault.
                self.explained(transaction, range).await?;
                self.park(transaction, range.upper, &source).await?;
                self.check_parked(transaction).await?;
                Ok(Filled::Written(0))
            }
        }
    }

    /// Fewer rows, or, where there is but one, the end.
    pub(super) fn too_long(&self, range: Range<'_>) -> Result<Filled, Error> {
        if range.rows > 1 {
            return Ok(Filled::TooMany);
        }
        Err(Error::RowTooSlow {
            table: self.part.name().to_owned(),
            key: range.upper.join(", "),
            limit_ms: u64::try_from(self.limit().as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Runs a statement behind a savepoint, to which a failure goes back: the rows that were written.
    pub(super) async fn attempt(
        &self,
        transaction: &GuardedTransaction<'_>,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Result<u64, (Failure, tokio_postgres::Error)>, Error> {
        let sql = |source| Error::sql("setting a savepoint", source);
        transaction.client().batch_execute("SAVEPOINT batch").await.map_err(sql)?;
        let began = Instant::now();
        match transaction.client().execute(statement, parameters).await {
            Ok(written) => Ok(Ok(written)),
            Err(source) => Ok(Err(self.taken_back(transaction, source, began.elapsed()).await?)),
        }
    }

    /// Goes back to the savepoint before a statement that failed after `took`, unless that ends all. What is
    /// done from there on, all triggers compute.
    async fn taken_back(
        &self,
        transaction: &GuardedTransaction<'_>,
        source: tokio_postgres::Error,
        took: Duration,
    ) -> Result<(Failure, tokio_postgres::Error), Error> {
        let failure = Failure::of(&source, took, self.limit());
        if failure != Failure::Other {
            let sql = |source| Error::sql("going back to a savepoint", source);
            transaction.client().batch_execute(BACK).await.map_err(sql)?;
        }
        Ok((failure, source))
    }
}
