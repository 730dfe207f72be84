//! Rows of a backfill that somebody holds locked: a range is filled without them, their keys are kept
//! in the same transaction, and they are revisited until none is left.
//!
//! Locked `FOR NO KEY UPDATE`, since `FOR UPDATE` would also skip rows with a foreign key's child
//! insert in flight. Joined by key with the range repeated: a join by `ctid` misses rows that change
//! between snapshot and lock.

use super::batch::{Batch, Range, aliased, aliased_json, as_sql, joined};
use super::range;
use crate::error::Error;
use crate::term::GuardedTransaction;
use changeover_plan::StepId;

/// At most this many keys are revisited in one transaction, so that its row locks stay short.
const KEYS_MAX: u32 = 500;

impl Batch<'_> {
    /// Fills a range but for the rows that somebody holds locked, whose keys are kept.
    pub(super) async fn fill_unlocked(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
        range: Range<'_>,
    ) -> Result<u64, Error> {
        let key = &self.backfill.key;
        let (condition, differing) =
            (range::condition(key, "t.", range.0.is_some()), self.differing());
        let first = 1 + key.len() * if range.0.is_some() { 2 } else { 1 };
        let aliased = aliased(self.backfill, "t.");
        let statement = format!(
            "WITH wanted AS MATERIALIZED (SELECT {aliased} FROM ONLY {table} AS t \
                WHERE {condition} AND {differing}), \
             free AS MATERIALIZED (SELECT {aliased} FROM ONLY {table} AS t \
                WHERE {condition} AND {differing} FOR NO KEY UPDATE SKIP LOCKED), \
             kept AS (INSERT INTO changeover.skipped_row (app, step, part, key) \
                SELECT ${first}::text, ${step}::text, ${part}::text, {json} \
                  FROM (SELECT * FROM wanted EXCEPT SELECT * FROM free) AS k \
                ON CONFLICT DO NOTHING) \
             UPDATE ONLY {table} AS t SET {set} FROM free WHERE {joined} AND {condition}",
            table = self.part.table,
            step = first + 1,
            part = first + 2,
            json = aliased_json(self.backfill, "k."),
            set = self.assignments(),
            joined = joined(self.backfill),
        );
        let mut parameters = range::parameters(range.0, range.1);
        parameters.extend([app.to_owned(), step.to_string(), self.part.name().to_owned()]);
        transaction
            .client()
            .execute(&statement, &as_sql(&parameters))
            .await
            .map_err(|source| Error::sql("filling a range without its locked rows", source))
    }

    /// Fills those of the kept keys that nobody holds locked any more. Returns how many are left,
    /// and how many rows were written.
    pub(crate) async fn revisit(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
    ) -> Result<(u64, u64), Error> {
        let key = &self.backfill.key;
        let values: Vec<String> = key
            .iter()
            .enumerate()
            .map(|(at, column)| {
                format!("CAST(k.key ->> {at} AS {}) AS changeover_key_{at}", column.type_sql)
            })
            .collect();
        let statement = format!(
            "WITH kept AS MATERIALIZED (SELECT k.key AS changeover_key, {values} FROM changeover.skipped_row AS k \
                WHERE k.app = $1 AND k.step = $2 AND k.part = $3 ORDER BY k.key LIMIT {KEYS_MAX}), \
             free AS MATERIALIZED (SELECT kept.* FROM kept JOIN ONLY {table} AS t ON {on_kept} \
                FOR NO KEY UPDATE OF t SKIP LOCKED), \
             written AS (UPDATE ONLY {table} AS t SET {set} FROM free \
                WHERE {joined} AND {differing} RETURNING 1), \
             gone AS (SELECT kept.changeover_key FROM kept WHERE NOT EXISTS \
                (SELECT 1 FROM ONLY {table} AS t WHERE {on_kept})), \
             cleared AS (DELETE FROM changeover.skipped_row AS k USING \
                (SELECT changeover_key FROM free UNION ALL SELECT changeover_key FROM gone) AS f \
                WHERE k.app = $1 AND k.step = $2 AND k.part = $3 AND k.key = f.changeover_key RETURNING 1) \
             SELECT (SELECT count(*) FROM changeover.skipped_row AS k \
                      WHERE k.app = $1 AND k.step = $2 AND k.part = $3) \
                    - (SELECT count(*) FROM cleared), (SELECT count(*) FROM written)",
            values = values.join(", "),
            table = self.part.table,
            on_kept = joined(self.backfill).replace("free.", "kept."),
            set = self.assignments(),
            joined = joined(self.backfill),
            differing = self.differing(),
        );
        let row = transaction
            .client()
            .query_one(&statement, &[&app, &step.as_str(), &self.part.name()])
            .await
            .map_err(|source| Error::sql("revisiting skipped rows", source))?;
        let count = |column| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
        Ok((count(0), count(1)))
    }
}
