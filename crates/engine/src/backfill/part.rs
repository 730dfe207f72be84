//! The tables that rows really live in: the table itself, or its leaf partitions, one by one.

use crate::error::Error;
use crate::text::exact;
use changeover_plan::model::step::Backfill;
use changeover_plan::{Identifier, QualifiedName};
use tokio_postgres::{Client, Row};

const PARTS: &str = include_str!("sql/parts.sql");

/// A table that holds rows itself.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The table.
    pub(crate) table: QualifiedName,
    /// Rows that the server believes it to hold.
    pub(crate) rows_estimate: u64,
    /// Its name as the ledger has it, quoted where needed.
    name: String,
    /// What tells it from another one that had its name before, or from itself before it was detached.
    identity: u32,
}

impl Part {
    /// Its name as the ledger has it: `schema.table`, quoted where needed.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// See [`Part::is`].
    pub(crate) fn identity(&self) -> u32 {
        self.identity
    }

    /// Whether both are the same part, which was under the trigger all the time between.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.identity == other.identity
    }
}

/// Lists the parts of a backfill's table.
pub(crate) async fn parts(client: &Client, backfill: &Backfill) -> Result<Vec<Part>, Error> {
    let trigger = backfill.sync_trigger.as_ref().map(Identifier::as_str);
    let rows = client
        .query(PARTS, &[&backfill.table.to_string(), &trigger])
        .await
        .map_err(|source| Error::sql("listing the partitions", source))?;
    if rows.is_empty() && !backfill.partitioned {
        return Err(Error::NotVerified {
            what: format!("table {}", backfill.table.plain()),
            detail: "it is not there: it was renamed, moved or dropped".to_owned(),
        });
    }
    let doing = "reading a partition's name";
    let part = |row: &Row| {
        let (schema, table): (String, String) = (exact(row, 0, doing)?, exact(row, 1, doing)?);
        Ok(Part {
            table: QualifiedName::new(schema, table),
            rows_estimate: u64::try_from(row.get::<_, i64>(2)).unwrap_or(0),
            name: exact(row, 3, doing)?,
            identity: row.get(4),
        })
    };
    rows.iter().map(part).collect()
}
