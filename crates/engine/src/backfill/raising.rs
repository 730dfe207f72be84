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
        let set: Vec<String> =
            self.backfill.set.iter().map(|one| format!("{0} = s.{0}", one.column)).collect();
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
        parameters.extend([app.to_owned(), step.to_string(), self.part.name().to_owned()]);
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

    /// Looks at the parked rows of this part again: forgets those that are gone or do not raise any
    /// more. Returns how many are left, and the keys and errors of some.
    pub(crate) async fn recheck_parked(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
    ) -> Result<(u64, String), Error> {
        let Some(function) = &self.backfill.safe_function else {
            return Ok((0, String::new()));
        };
        let keys: Vec<String> = self
            .backfill
            .key
            .iter()
            .enumerate()
            .map(|(at, column)| {
                format!("t.{} = CAST(p.key ->> {at} AS {})", column.name, column.type_sql)
            })
            .collect();
        let statement = format!(
            "WITH mine AS MATERIALIZED (SELECT * FROM changeover.parked_row AS p \
                WHERE p.app = $1 AND p.relation = $2 AND starts_with(p.step, $3)), \
             bad AS MATERIALIZED (SELECT p.step, p.key, v.changeover_error \
                FROM mine AS p JOIN ONLY {table} AS t ON {joined}, LATERAL {call} AS v \
               WHERE v.changeover_error IS NOT NULL), \
             forgotten AS (DELETE FROM changeover.parked_row AS p USING mine AS m \
                WHERE p.app = $1 AND p.relation = $2 AND p.step = m.step AND p.key = m.key \
                  AND p.parked_at = m.parked_at \
                  AND NOT EXISTS (SELECT 1 FROM bad AS b WHERE b.step = m.step AND b.key = m.key)) \
             SELECT count(DISTINCT key), \
                    coalesce((array_agg(key::text || ': ' || changeover_error))[1:3]::text, '') FROM bad",
            table = self.part.table,
            joined = keys.join(" AND "),
            call = call(function),
        );
        // All ids of one statement's steps begin alike: `0209.2.`.
        let id = step.as_str();
        let prefix = id.rfind('.').map_or(id, |dot| &id[..=dot]);
        // First the locks, in a statement of its own: what follows then sees what their holders wrote.
        let locks = "SELECT 1 FROM changeover.parked_row AS p \
                      WHERE p.app = $1 AND p.relation = $2 AND starts_with(p.step, $3) FOR UPDATE";
        transaction
            .client()
            .execute(locks, &[&app, &self.part.name(), &prefix])
            .await
            .map_err(|source| Error::sql("locking parked rows", source))?;
        let row = transaction
            .client()
            .query_one(&statement, &[&app, &self.part.name(), &prefix])
            .await
            .map_err(|source| Error::sql("looking at parked rows", source))?;
        Ok((u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), row.get(1)))
    }

    pub(super) fn filter(&self) -> String {
        self.backfill.filter.as_ref().map_or_else(String::new, |filter| format!(" AND ({filter})"))
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
    let arguments: Vec<String> =
        function.arguments.iter().map(|argument| format!("t.{argument}")).collect();
    format!("{}({})", function.name, arguments.join(", "))
}
