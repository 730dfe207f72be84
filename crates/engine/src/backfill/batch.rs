//! One range of a backfill: finding it, asserting its plan, filling it.
//!
//! A plain `UPDATE` of the range is fastest and right: where a row changed since the snapshot, READ
//! COMMITTED evaluates condition and expression anew on the row as it is now. Where rows are
//! locked, `locked.rs` goes on; where an expression raises, `raising.rs`; `differing.rs` counts.

use super::part::Part;
use super::range;
use crate::error::Error;
use crate::options::Pace;
use crate::term::GuardedTransaction;
use changeover_plan::model::identifier::quote_literal;
use changeover_plan::model::step::{Backfill, KeyColumn};
use changeover_plan::{Identifier, StepId};
use tokio_postgres::types::ToSql;

/// A range's bounds: lower (excluded, `None` from the start), upper (included).
pub(crate) type Range<'a> = (Option<&'a [String]>, &'a [String]);

/// The whole statement of a batch takes at most this many times its target; then the rows that are
/// locked are left out.
const STATEMENT_FACTOR: u128 = 40;
/// Tables of fewer pages than this may be scanned: no index is faster.
const SMALL_PAGES: i64 = 64;

/// The statements for one part of a backfill.
pub(crate) struct Batch<'a> {
    pub(super) backfill: &'a Backfill,
    pub(super) part: &'a Part,
    pub(super) pace: &'a Pace,
}

impl<'a> Batch<'a> {
    /// For one part.
    pub(crate) fn new(backfill: &'a Backfill, part: &'a Part, pace: &'a Pace) -> Self {
        Self { backfill, part, pace }
    }

    /// Sets what holds for each of our transactions: the author's settings, the bounds, plans by
    /// index, and a commit that need not wait for the disk: cursor and rows are lost together.
    pub(crate) async fn open(&self, transaction: &GuardedTransaction<'_>) -> Result<(), Error> {
        let mut statement = format!(
            "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
             SET LOCAL enable_seqscan = off; SET LOCAL synchronous_commit = off",
            self.pace.row_lock_wait.as_millis(),
            self.pace.batch_target.as_millis().saturating_mul(STATEMENT_FACTOR).max(1_000),
        );
        for (name, value) in &self.backfill.settings {
            let name = Identifier::new(name.as_str());
            // A search path is a list of identifiers already quoted by the planner.
            let value =
                if name.as_str() == "search_path" { value.clone() } else { quote_literal(value) };
            statement.push_str(&format!("; SET LOCAL {name} = {value}"));
        }
        transaction
            .client()
            .batch_execute(&statement)
            .await
            .map_err(|source| Error::sql("setting the batch's bounds", source))
    }

    /// The part's last key; `None` where it is empty.
    pub(crate) async fn last_key(
        &self,
        transaction: &GuardedTransaction<'_>,
    ) -> Result<Option<Vec<String>>, Error> {
        let key = &self.backfill.key;
        let statement = format!(
            "SELECT ARRAY[{}]::text[] FROM ONLY {} AS t ORDER BY {} LIMIT 1",
            range::texts(key, "t."),
            self.part.table,
            range::descending(key, "t."),
        );
        let row = transaction
            .client()
            .query_opt(&statement, &[])
            .await
            .map_err(|source| Error::sql("finding the last key", source))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The last key of the next `rows` rows after `lower` and up to `until`, and how many they are;
    /// `None` at the end.
    pub(crate) async fn next_range(
        &self,
        transaction: &GuardedTransaction<'_>,
        lower: Option<&[String]>,
        until: &[String],
        rows: u32,
    ) -> Result<Option<(Vec<String>, u64)>, Error> {
        let key = &self.backfill.key;
        let statement = format!(
            "WITH r AS MATERIALIZED (SELECT {columns} FROM ONLY {table} AS t WHERE {condition} \
             ORDER BY {columns} LIMIT {rows}) \
             SELECT (SELECT count(*) FROM r), ARRAY[{texts}]::text[] FROM r ORDER BY {order} LIMIT 1",
            columns = range::columns(key, "t."),
            table = self.part.table,
            condition = range::condition(key, "t.", lower.is_some()),
            texts = range::texts(key, "r."),
            order = range::descending(key, "r."),
        );
        let row = transaction
            .client()
            .query_opt(&statement, &as_sql(&range::parameters(lower, until)))
            .await
            .map_err(|source| Error::sql("finding the next range", source))?;
        Ok(row.map(|row| (row.get(1), u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))))
    }

    /// Fails where the server would fill a range by scanning the whole table.
    pub(crate) async fn assert_by_index(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
    ) -> Result<(), Error> {
        let sql = |source| Error::sql("explaining a batch", source);
        let client = transaction.client();
        let pages: i64 = client
            .query_one(
                "SELECT relpages::bigint FROM pg_class WHERE oid = to_regclass($1)",
                &[&self.part.table.to_string()],
            )
            .await
            .map_err(sql)?
            .get(0);
        if pages < SMALL_PAGES {
            return Ok(());
        }
        let rows = client
            .query(
                &format!("EXPLAIN {}", self.update(range.0.is_some())),
                &as_sql(&range::parameters(range.0, range.1)),
            )
            .await
            .map_err(sql)?;
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let scan = format!("Seq Scan on {}", self.part.table.name.as_str());
        match plan.iter().find(|line| line.contains(&scan)) {
            None => Ok(()),
            Some(line) => Err(Error::NotVerified {
                what: format!("the plan of a batch on {}", self.part.name()),
                detail: format!("the server would scan the whole table for each: {}", line.trim()),
            }),
        }
    }

    /// Fills a range. Returns the number of rows written.
    pub(crate) async fn fill(
        &self,
        transaction: &GuardedTransaction<'_>,
        app: &str,
        step: &StepId,
        range: Range<'_>,
    ) -> Result<u64, Error> {
        let client = transaction.client();
        let parameters = range::parameters(range.0, range.1);
        let sql = |source| Error::sql("filling a range", source);
        client.batch_execute("SAVEPOINT batch").await.map_err(sql)?;
        let statement = self.update(range.0.is_some());
        let source = match client.execute(&statement, &as_sql(&parameters)).await {
            Ok(written) => return Ok(written),
            Err(source) => source,
        };
        let state = source.code().map(|code| code.code().to_owned()).unwrap_or_default();
        client.batch_execute("ROLLBACK TO SAVEPOINT batch").await.map_err(sql)?;
        match (state.as_str(), &self.backfill.safe_function) {
            ("55P03" | "57014", _) => self.fill_unlocked(transaction, app, step, range).await,
            // Data exceptions and what functions raise: find the rows at fault.
            (state, Some(function)) if state.starts_with("22") || state.starts_with("P0") => {
                self.fill_safely(transaction, app, step, range, function).await
            }
            _ => Err(Error::sql("filling a range", source)),
        }
    }

    fn update(&self, has_lower: bool) -> String {
        format!(
            "UPDATE ONLY {} AS t SET {} WHERE {} AND {}",
            self.part.table,
            self.assignments(),
            range::condition(&self.backfill.key, "t.", has_lower),
            self.differing(),
        )
    }

    pub(super) fn assignments(&self) -> String {
        let set = self.backfill.set.iter();
        set.map(|one| format!("{} = {}", one.column, one.expression)).collect::<Vec<_>>().join(", ")
    }

    /// True for rows that are to be filled and are not.
    pub(super) fn differing(&self) -> String {
        let any: Vec<String> =
            self.backfill.set.iter().map(|one| format!("({})", one.differs)).collect();
        match &self.backfill.filter {
            Some(filter) => format!("({filter}) AND ({})", any.join(" OR ")),
            None => format!("({})", any.join(" OR ")),
        }
    }
}

/// The key's columns under names that no column of the table has.
pub(super) fn aliased(backfill: &Backfill, prefix: &str) -> String {
    let one = |(at, column): (usize, &KeyColumn)| {
        format!("{prefix}{} AS changeover_key_{at}", column.name)
    };
    backfill.key.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
}

pub(super) fn aliased_json(backfill: &Backfill, prefix: &str) -> String {
    let one = |at| format!("CAST({prefix}changeover_key_{at} AS text)");
    let parts: Vec<String> = (0..backfill.key.len()).map(one).collect();
    format!("jsonb_build_array({})", parts.join(", "))
}

/// `t."a" = free.changeover_key_0 AND …`.
pub(super) fn joined(backfill: &Backfill) -> String {
    let one =
        |(at, column): (usize, &KeyColumn)| format!("t.{} = free.changeover_key_{at}", column.name);
    backfill.key.iter().enumerate().map(one).collect::<Vec<_>>().join(" AND ")
}

/// Texts as parameters.
pub(super) fn as_sql(parameters: &[String]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}
