//! Rows of a backfill for which an expression raises: found by the function of the sync step that
//! catches, and parked in the ledger, where they hold the contract until somebody mends them.

use super::batch::{Batch, Range, aliased, aliased_json, as_sql, joined};
use super::range;
use crate::error::Error;
use crate::term::GuardedTransaction;
use changeover_plan::StepId;
use changeover_plan::model::step::SafeFunction;

impl Batch<'_> {
    /// Fills a range in which an expression raises: row by row through the function that catches.
    /// The rows at fault are parked. The trigger computes the value again on the row as it is, so a
    /// row that changed since the function looked at it comes out right.
    pub(super) async fn fill_safely(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
        range: Range<'_>,
        function: &SafeFunction,
    ) -> Result<u64, Error> {
        let key = &self.backfill.key;
        let condition = range::condition(key, "t.", range.0.is_some());
        let first = 1 + key.len() * if range.0.is_some() { 2 } else { 1 };
        let set: Vec<String> = self
            .backfill
            .set
            .iter()
            .map(|one| format!("{0} = s.{0}", one.column))
            .collect();
        let statement = format!(
            "WITH computed AS MATERIALIZED (SELECT {aliased}, v.* \
                FROM (SELECT t.* FROM ONLY {table} AS t WHERE {condition}{filter}) AS t, \
                     LATERAL {call} AS v), \
             parked AS (INSERT INTO changeover.parked_row (app, step, relation, key, error) \
                SELECT ${first}::text, ${step}::text, ${part}::text, {json}, s.changeover_error \
                  FROM computed AS s WHERE s.changeover_error IS NOT NULL \
                ON CONFLICT (app, step, relation, key) DO UPDATE SET error = excluded.error) \
             UPDATE ONLY {table} AS t SET {set} FROM computed AS s \
              WHERE {joined} AND {condition} AND s.changeover_error IS NULL AND ({differs})",
            aliased = aliased(self.backfill, "t."),
            table = self.part.table,
            call = call(function),
            filter = self.filter(),
            step = first + 1,
            part = first + 2,
            json = aliased_json(self.backfill, "s."),
            set = set.join(", "),
            joined = joined(self.backfill).replace("free.", "s."),
            differs = self.differs_from_computed("s."),
        );
        let mut parameters = range::parameters(range.0, range.1);
        parameters.extend([
            app.to_owned(),
            step.to_string(),
            self.part.name().to_owned(),
        ]);
        let written = transaction
            .client()
            .execute(&statement, &as_sql(&parameters))
            .await
            .map_err(|source| Error::sql("filling a range row by row", source))?;
        self.check_parked(transaction, app, step).await?;
        Ok(written)
    }

    /// Stops where too many rows are parked: that is a wrong expression, not bad rows.
    async fn check_parked(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
    ) -> Result<(), Error> {
        let row = transaction
            .client()
            .query_one(
                "SELECT count(*), min(error) FROM changeover.parked_row WHERE app = $1 AND step = $2",
                &[&app, &step.as_str()],
            )
            .await
            .map_err(|source| Error::sql("counting parked rows", source))?;
        let count = u64::try_from(row.get::<_, i64>(0)).unwrap_or(u64::MAX);
        if count <= self.pace.parked_rows_max {
            return Ok(());
        }
        Err(Error::NotVerified {
            what: format!("the expression for {}", self.part.name()),
            detail: format!(
                "it raises for {count} rows and more, e.g. {}",
                row.get::<_, Option<String>>(1).unwrap_or_default()
            ),
        })
    }

    pub(super) fn filter(&self) -> String {
        self.backfill
            .filter
            .as_ref()
            .map_or_else(String::new, |filter| format!(" AND ({filter})"))
    }

    pub(super) fn differs_from_computed(&self, prefix: &str) -> String {
        let any: Vec<String> = self
            .backfill
            .set
            .iter()
            .map(|one| {
                format!(
                    "CAST(t.{0} AS text) IS DISTINCT FROM CAST({prefix}{0} AS text)",
                    one.column
                )
            })
            .collect();
        any.join(" OR ")
    }
}

/// The call of the function on one row.
pub(super) fn call(function: &SafeFunction) -> String {
    let arguments: Vec<String> = function
        .arguments
        .iter()
        .map(|argument| format!("t.{argument}"))
        .collect();
    format!("{}({})", function.name, arguments.join(", "))
}
