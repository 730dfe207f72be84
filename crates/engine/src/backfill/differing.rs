//! Counts the rows of a range whose column is not what the expression says: the proof at the end of a
//! backfill. Rows that are parked are known to differ and are left out.

use super::batch::{Batch, Range, as_sql};
use super::raising::call;
use super::range;
use crate::error::Error;
use crate::term::GuardedTransaction;
use changeover_plan::StepId;

impl Batch<'_> {
    /// The key as the ledger keeps it: an array of texts.
    fn key_json(&self, prefix: &str) -> String {
        format!("jsonb_build_array({})", range::texts(&self.backfill.key, prefix))
    }

    /// How many rows of a range differ, parked ones apart, and the keys of some.
    pub(crate) async fn count_differing(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
        range: Range<'_>,
    ) -> Result<(u64, String), Error> {
        let client = transaction.client();
        let sql = |source| Error::sql("checking a range", source);
        client.batch_execute("SAVEPOINT batch").await.map_err(sql)?;
        let key = &self.backfill.key;
        let condition = range::condition(key, "t.", range.0.is_some());
        let table = self.part.table.to_string();
        let plain = format!("ONLY {table} AS t WHERE {condition} AND {}", self.differing());
        let source = match self.count(transaction, app, step, range, &plain).await {
            Ok(found) => return Ok(found),
            Err(source) => source,
        };
        let raised = source.sqlstate().is_some_and(|s| s.starts_with("22") || s.starts_with("P0"));
        let Some(function) = self.backfill.safe_function.as_ref().filter(|_| raised) else {
            return Err(source);
        };
        client.batch_execute("ROLLBACK TO SAVEPOINT batch").await.map_err(sql)?;
        let safely = format!(
            "(SELECT t.* FROM ONLY {table} AS t WHERE {condition}{filter}) AS t, \
                LATERAL {call} AS v WHERE (v.changeover_error IS NOT NULL OR {differs})",
            filter = self.filter(),
            call = call(function),
            differs = self.differs_from_computed("v."),
        );
        self.count(transaction, app, step, range, &safely).await
    }

    async fn count(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
        range: Range<'_>,
        from: &str,
    ) -> Result<(u64, String), Error> {
        let key = &self.backfill.key;
        let first = 1 + key.len() * if range.0.is_some() { 2 } else { 1 };
        // All ids of one statement's steps begin alike (`0209.2.`): a row may have been parked by the
        // trigger or by the backfill.
        let id = step.as_str();
        let prefix = id.rfind('.').map_or(id, |dot| &id[..=dot]);
        let statement = format!(
            "SELECT count(*), coalesce((array_agg({json}::text))[1:3]::text, '') \
               FROM {from} \
                AND NOT EXISTS (SELECT 1 FROM changeover.parked_row AS p \
                     WHERE p.app = ${first}::text AND p.relation = ${part}::text AND p.key = {json} \
                       AND starts_with(p.step, ${step}::text))",
            json = self.key_json("t."),
            part = first + 1,
            step = first + 2,
        );
        let mut parameters = range::parameters(range.0, range.1);
        parameters.extend([app.to_owned(), self.part.name().to_owned(), prefix.to_owned()]);
        let row = transaction
            .client()
            .query_one(&statement, &as_sql(&parameters))
            .await
            .map_err(|source| Error::sql("checking a range", source))?;
        Ok((u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), row.get(1)))
    }
}
