//! Counts the rows of a range whose column is not what the expression says: the proof at the end of a
//! backfill. Rows that are parked are known to differ and are left out.

use super::batch::{Batch, Filled, Range};
use super::failure::Failure;
use crate::error::Error;
use crate::term::GuardedTransaction;
use crate::text::text;
use std::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// What a look at a range found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Differing {
    /// How many rows differ, and the keys of some.
    Rows(u64, String),
    /// Nothing: it must be looked at by fewer rows.
    TooMany,
}

impl Differing {
    /// Out of what the check answers.
    pub(super) fn of(row: &Row) -> Self {
        Self::Rows(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), text(row, 1))
    }
}

impl Batch<'_> {
    /// Looks once more where the plain way has failed and was taken back: row by row, where a row raises.
    pub(super) async fn count_carefully(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
        (failure, source): (Failure, tokio_postgres::Error),
    ) -> Result<Differing, Error> {
        let careful = match (failure, &self.sql.check_carefully) {
            (Failure::TooLong, _) => return self.fewer(range),
            (Failure::Row, Some(careful)) => careful,
            _ => return Err(failure.ended("checking a range", source)),
        };
        let (front, part) = (self.front(), self.part.name());
        let [upper, lower] = range.parameters();
        let parameters: [&(dyn ToSql + Sync); 5] = [upper, lower, &self.app, &front, &part];
        let began = Instant::now();
        match transaction.client().query_one(&self.text(careful), &parameters).await {
            Ok(row) => Ok(Differing::of(&row)),
            Err(source) => match Failure::of(&source, began.elapsed(), self.limit()) {
                Failure::TooLong => self.fewer(range),
                failure => Err(failure.ended("checking a range", source)),
            },
        }
    }

    fn fewer(&self, range: Range<'_>) -> Result<Differing, Error> {
        match self.too_long(range)? {
            Filled::TooMany | Filled::Written(_) => Ok(Differing::TooMany),
        }
    }
}
