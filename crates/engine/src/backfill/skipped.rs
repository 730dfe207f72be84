//! Rows of a backfill that somebody holds locked: a range is filled without them, their keys are kept
//! in the same transaction, and they are revisited until none is left.

use super::batch::Batch;
use super::failure::Failure;
use crate::error::Error;
use crate::term::{GuardedConnection, GuardedTransaction};
use crate::text::exact;

const KEEP: &str = include_str!("sql/skipped_keep.sql");
const NEXT: &str = include_str!("sql/skipped_next.sql");
const FORGET: &str = include_str!("sql/skipped_forget.sql");

/// At most this many keys are revisited in one transaction, so that its row locks stay short.
const KEYS_MAX: i64 = 500;
/// At most this many where they are revisited one by one.
const SINGLE_KEYS_MAX: i64 = 50;

/// How a round over skipped rows went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Revisited {
    /// Rows that are left.
    pub(crate) left: u64,
    /// Rows that were written.
    pub(crate) written: u64,
}

impl Batch<'_> {
    /// Keeps a row that could not be written for somebody's lock.
    pub(super) async fn keep(
        &self,
        transaction: &GuardedTransaction<'_>,
        key: &[String],
    ) -> Result<(), Error> {
        transaction
            .client()
            .execute(KEEP, &[&self.app, &self.step.as_str(), &self.part.name(), &key])
            .await
            .map_err(|source| Error::sql("keeping a locked row", source))?;
        Ok(())
    }

    /// Fills those of the kept rows that nobody holds locked any more.
    /// `None`: one of them fails, so they must be looked at one by one.
    pub(crate) async fn revisit(
        &self,
        transaction: &GuardedTransaction<'_>,
    ) -> Result<Option<Revisited>, Error> {
        let began = std::time::Instant::now();
        let outcome = transaction
            .client()
            .query_one(
                &self.text(&self.sql.revisit),
                &[&self.app, &self.step.as_str(), &self.part.name(), &KEYS_MAX],
            )
            .await;
        let row = match outcome {
            Ok(row) => row,
            Err(source) => match Failure::of(&source, began.elapsed(), self.limit()) {
                Failure::Locked | Failure::Row | Failure::TooLong => return Ok(None),
                failure => return Err(failure.ended("revisiting skipped rows", source)),
            },
        };
        let count = |column| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
        Ok(Some(Revisited { left: count(0), written: count(1) }))
    }

    /// The same one by one: those that raise or are rejected are parked, those that are locked stay.
    pub(crate) async fn revisit_singly(
        &self,
        worker: &mut GuardedConnection,
    ) -> Result<Revisited, Error> {
        let mut revisited = Revisited::default();
        let mut after: Option<serde_json::Value> = None;
        // Bounded by the rows that are kept: each round looks at later ones.
        loop {
            let transaction = worker.begin().await?;
            self.open(&transaction).await?;
            let rows = transaction
                .client()
                .query(
                    NEXT,
                    &[&self.app, &self.step.as_str(), &self.part.name(), &after, &SINGLE_KEYS_MAX],
                )
                .await
                .map_err(|source| Error::sql("listing skipped rows", source))?;
            let Some(last) = rows.last() else {
                transaction.rollback().await?;
                return Ok(revisited);
            };
            after = Some(exact(last, 0, "reading a skipped row")?);
            for row in &rows {
                let json: serde_json::Value = exact(row, 0, "reading a skipped row")?;
                let key: Vec<String> = exact(row, 1, "reading a skipped row")?;
                match self.fill_one(&transaction, &key).await? {
                    Single::Written(written) => revisited.written += written,
                    Single::Locked => {
                        revisited.left += 1;
                        continue;
                    }
                    Single::Failed(source) => {
                        self.park(&transaction, &key, &source).await?;
                        self.check_parked(&transaction).await?;
                    }
                }
                transaction
                    .client()
                    .execute(FORGET, &[&self.app, &self.step.as_str(), &self.part.name(), &json])
                    .await
                    .map_err(|source| Error::sql("forgetting a skipped row", source))?;
            }
            transaction.commit().await?;
        }
    }

    /// Fills one row by its key.
    pub(super) async fn fill_one(
        &self,
        transaction: &GuardedTransaction<'_>,
        key: &[String],
    ) -> Result<Single, Error> {
        let action = "filling one row";
        let client = transaction.client();
        let sql = |source| Error::sql(action, source);
        client.batch_execute("SAVEPOINT batch").await.map_err(sql)?;
        let began = std::time::Instant::now();
        let source = match client.query_one(&self.text(&self.sql.fill_one), &[&key]).await {
            Ok(row) if row.get(0) => return Ok(Single::Locked),
            Ok(row) => {
                let written = u64::try_from(row.get::<_, i64>(1)).unwrap_or(0);
                return Ok(Single::Written(written));
            }
            Err(source) => source,
        };
        let failure = Failure::of(&source, began.elapsed(), self.limit());
        match failure {
            Failure::Cancelled | Failure::Other => return Err(failure.ended(action, source)),
            Failure::Locked | Failure::Row | Failure::TooLong => {}
        }
        client.batch_execute("ROLLBACK TO SAVEPOINT batch").await.map_err(sql)?;
        match failure {
            Failure::Locked => Ok(Single::Locked),
            Failure::TooLong => {
                let range = super::Range { lower: None, upper: key, rows: 1 };
                self.too_long(range).map(|_| Single::Locked)
            }
            _ => Ok(Single::Failed(source)),
        }
    }
}

/// What became of one row.
pub(super) enum Single {
    /// It is right now; rows written.
    Written(u64),
    /// Somebody holds it locked.
    Locked,
    /// It raises, or is rejected.
    Failed(tokio_postgres::Error),
}
