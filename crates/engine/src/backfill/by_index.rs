//! Asserts that a batch finds its rows by an index: a range that scans the whole table is no batch.
//!
//! Asked before the first batch of a part, and where a batch of one row fails: what the server cannot even
//! plan is no row's fault. SQL: the plan's own `EXPLAIN`, and `sql/pages.sql`.

use super::batch::{Batch, Range};
use crate::error::Error;
use crate::term::GuardedTransaction;
use crate::text::document;
use changeover_plan::QualifiedName;
use serde_json::Value;

const PAGES: &str = include_str!("sql/pages.sql");

/// Tables of fewer pages than this may be scanned: no index is faster.
const SMALL_PAGES: i64 = 64;

impl Batch<'_> {
    /// Fails where the server cannot plan a batch, or would fill a range by scanning the whole table.
    pub(crate) async fn assert_by_index(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
    ) -> Result<(), Error> {
        let plan = self.explained(transaction, range).await?;
        let pages: i64 = transaction
            .client()
            .query_one(PAGES, &[&self.part.table.to_string()])
            .await
            .map_err(|source| Error::sql("explaining a batch", source))?
            .get(0);
        if pages < SMALL_PAGES || !scans(&plan, &self.part.table) {
            return Ok(());
        }
        Err(Error::NotVerified {
            what: format!("the plan of a batch on {}", self.part.name()),
            detail: "the server would scan the whole table for each".to_owned(),
        })
    }

    /// The server's plan of a batch.
    pub(super) async fn explained(
        &self,
        transaction: &GuardedTransaction<'_>,
        range: Range<'_>,
    ) -> Result<Value, Error> {
        let row = transaction
            .client()
            .query_one(&self.text(&self.sql.explain), &range.parameters())
            .await
            .map_err(|source| Error::sql("explaining a batch", source))?;
        document(&row, 0, "a batch's plan")
    }
}

/// Whether a plan of `EXPLAIN (VERBOSE, FORMAT JSON)` scans a table from one end to the other.
fn scans(plan: &Value, table: &QualifiedName) -> bool {
    match plan {
        Value::Array(nodes) => nodes.iter().any(|node| scans(node, table)),
        Value::Object(node) => {
            let is = |field: &str, wanted: &str| {
                node.get(field).and_then(Value::as_str).is_some_and(|found| found == wanted)
            };
            is("Node Type", "Seq Scan")
                && is("Relation Name", table.name.as_str())
                && is("Schema", table.schema.as_str())
                || node.values().any(|inner| scans(inner, table))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_found_by_schema_and_name() {
        let by = |node: &str| {
            serde_json::json!([{"Plan": {"Node Type": "ModifyTable", "Plans": [
                {"Node Type": node, "Schema": "s", "Relation Name": "Order x", "Alias": "t"}]}}])
        };
        let plan = by("Seq Scan");
        assert!(scans(&plan, &QualifiedName::new("s", "Order x")));
        assert!(!scans(&plan, &QualifiedName::new("public", "Order x")));
        assert!(!scans(&plan, &QualifiedName::new("s", "Order")));
        assert!(!scans(&by("Index Scan"), &QualifiedName::new("s", "Order x")));
    }
}
