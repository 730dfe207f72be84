//! Rows that cannot have their new value: the expression raises for them, or a constraint or a trigger
//! rejects the row when it is written. Parked in the ledger by the trigger or by a batch, where they
//! hold the contract until somebody mends them.

use super::batch::Batch;
use super::skipped::Single;
use crate::error::Error;
use crate::term::{GuardedConnection, GuardedTransaction};
use crate::text::{exact, text};
use serde_json::Value;
use std::time::SystemTime;

const PARK: &str = include_str!("sql/parked_park.sql");
const COUNT: &str = include_str!("sql/parked_count.sql");
const NEXT: &str = include_str!("sql/parked_next.sql");
const FORGET: &str = include_str!("sql/parked_forget.sql");
const AGAIN: &str = include_str!("sql/parked_again.sql");

/// At most this many are tried again in one transaction, so that its row locks stay short.
const KEYS_MAX: i64 = 50;
/// Of so many the key and the error are shown.
const SAMPLES_MAX: usize = 3;

/// Rows that are parked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parked {
    /// How many.
    pub(crate) count: u64,
    /// Keys and errors of some.
    pub(crate) sample: String,
}

impl Batch<'_> {
    /// Parks a row that failed alone.
    pub(super) async fn park(
        &self,
        transaction: &GuardedTransaction<'_>,
        key: &[String],
        source: &tokio_postgres::Error,
    ) -> Result<(), Error> {
        transaction
            .client()
            .execute(
                PARK,
                &[&self.app, &self.step.as_str(), &self.part.name(), &key, &said(source)],
            )
            .await
            .map_err(|source| Error::sql("parking a row", source))?;
        Ok(())
    }

    /// Stops where too many rows are parked: that is a wrong expression, not bad rows.
    pub(super) async fn check_parked(
        &self,
        transaction: &GuardedTransaction<'_>,
    ) -> Result<(), Error> {
        let row = transaction
            .client()
            .query_one(COUNT, &[&self.app, &self.step.as_str()])
            .await
            .map_err(|source| Error::sql("counting parked rows", source))?;
        let count = u64::try_from(row.get::<_, i64>(0)).unwrap_or(u64::MAX);
        if count <= self.pace.parked_rows_max {
            return Ok(());
        }
        Err(Error::NotVerified {
            what: format!("the expression for {}", self.part.name()),
            detail: format!(
                "{count} rows and more cannot have their value, e.g. {}",
                text(&row, 1)
            ),
        })
    }

    /// Tries the parked rows of this part again: forgets those that are gone or are right by now.
    /// Returns those that are left.
    pub(crate) async fn recheck_parked(
        &self,
        worker: &mut GuardedConnection,
    ) -> Result<Parked, Error> {
        let mut left = Parked::default();
        let mut samples: Vec<String> = Vec::new();
        let mut after: Option<Value> = None;
        // Bounded by the rows that are parked: each round looks at later ones.
        loop {
            let transaction = worker.begin().await?;
            self.open(&transaction).await?;
            let rows = transaction
                .client()
                .query(NEXT, &[&self.app, &self.front(), &self.part.name(), &after, &KEYS_MAX])
                .await
                .map_err(|source| Error::sql("listing parked rows", source))?;
            let Some(last) = rows.last() else {
                transaction.rollback().await?;
                left.sample = samples.join("; ");
                return Ok(left);
            };
            after = Some(exact(last, 0, "reading a parked row")?);
            for row in &rows {
                let json: Value = exact(row, 0, "reading a parked row")?;
                let key: Vec<String> = exact(row, 1, "reading a parked row")?;
                let seen: SystemTime = row.get(2);
                let error = match self.fill_one(&transaction, &key).await? {
                    Single::Written(_) => {
                        self.forget(&transaction, &json, seen).await?;
                        continue;
                    }
                    Single::Locked => "somebody holds it locked".to_owned(),
                    Single::Failed(source) => {
                        let error = said(&source);
                        self.keep_error(&transaction, &json, &error).await?;
                        error
                    }
                };
                left.count += 1;
                if samples.len() < SAMPLES_MAX {
                    samples.push(format!("{json}: {error}"));
                }
            }
            transaction.commit().await?;
        }
    }

    /// Where the row was not parked again since it was read: its writer may have come in between.
    async fn forget(
        &self,
        transaction: &GuardedTransaction<'_>,
        key: &Value,
        seen: SystemTime,
    ) -> Result<(), Error> {
        transaction
            .client()
            .execute(FORGET, &[&self.app, &self.front(), &self.part.name(), key, &seen])
            .await
            .map_err(|source| Error::sql("forgetting a parked row", source))?;
        Ok(())
    }

    async fn keep_error(
        &self,
        transaction: &GuardedTransaction<'_>,
        key: &Value,
        error: &str,
    ) -> Result<(), Error> {
        transaction
            .client()
            .execute(AGAIN, &[&self.app, &self.front(), &self.part.name(), key, &error])
            .await
            .map_err(|source| Error::sql("keeping why a row is parked", source))?;
        Ok(())
    }

    /// All ids of one statement's steps begin alike (`0209.2.`): a row may have been parked by the
    /// trigger, by the backfill or by its check.
    pub(super) fn front(&self) -> String {
        let id = self.step.as_str();
        id.rfind('.').map_or(id, |dot| &id[..=dot]).to_owned()
    }
}

/// The SQLSTATE and the message, as the trigger keeps them.
fn said(source: &tokio_postgres::Error) -> String {
    match source.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => source.to_string(),
    }
}
