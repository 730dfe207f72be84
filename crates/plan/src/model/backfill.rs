//! What a backfill and its check are given: the table, the key, what is set, and the SQL of every
//! statement that they run.
//!
//! `crate::derivation` makes all of it; the engine binds bounds and limits and chooses nothing. A plan
//! of an older Changeover has no [`BackfillSql`]: `derivation::statements` makes it from the rest.

use super::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a backfill and its check are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// The table; where it is partitioned, the engine goes leaf by leaf.
    pub table: QualifiedName,
    /// Whether it is partitioned.
    pub partitioned: bool,
    /// The columns of the primary key, or of a unique key without NULLs, in index order.
    pub key: Vec<KeyColumn>,
    /// What is set.
    pub set: Vec<Assignment>,
    /// Only rows for which this holds are filled, SQL over the row's own columns.
    pub filter: Option<String>,
    /// The function that computes all values of one row and catches what the expressions raise; used
    /// where a range fails, to find the rows at fault. `None`: there is no trigger either.
    pub safe_function: Option<SafeFunction>,
    /// The trigger that keeps these columns right meanwhile; the engine refuses to fill or to check
    /// without it. `None` where there is none (`sync=once`, a default that covers new rows).
    #[serde(default)]
    pub sync_trigger: Option<Identifier>,
    /// Settings under which the expressions mean what their author meant (`search_path`,
    /// `TimeZone`, …), set for each batch's transaction; the same that the trigger is pinned to.
    pub settings: BTreeMap<String, String>,
    /// Rows that the table is believed to hold, for the first estimate of the time left.
    pub rows_estimate: u64,
    /// The statements. `None` in plans that were made before they were kept.
    #[serde(default)]
    pub sql: Option<BackfillSql>,
}

/// One column of the key by which a backfill goes through the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    /// The column.
    pub name: Identifier,
    /// Its type as `format_type` prints it.
    pub type_sql: String,
}

/// One column that a backfill sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The column.
    pub column: Identifier,
    /// Its type as `format_type` prints it.
    pub type_sql: String,
    /// The value, SQL over the row's own columns, each written as a quoted, unqualified identifier.
    pub expression: String,
    /// True for a row whose column is not what the expression says, SQL in the same form.
    pub differs: String,
}

/// A function of the sync step that computes a row's values without ever raising.
///
/// Called as `function(read columns…)`; returns one row with a column for each assignment, named
/// like it, and `changeover_error text`, the SQLSTATE and message of what was raised, else NULL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafeFunction {
    /// The function.
    pub name: QualifiedName,
    /// The columns that it takes, in order.
    pub arguments: Vec<Identifier>,
}

/// The statements of a backfill and its check. A key is bound as an array of texts; a range is `$1`
/// (its last key, included) and `$2` (the key before it, NULL from the start).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillSql {
    /// The part's last key.
    pub last_key: PartSql,
    /// The last key of the next `$3` rows of a range, and how many they are.
    pub next_range: PartSql,
    /// Fills a range.
    pub fill: PartSql,
    /// The server's plan for that, as JSON.
    pub explain: PartSql,
    /// Fills a range without the rows that somebody holds locked or that raise: keeps the keys of the
    /// former, parks the latter. `$3` application, `$4` step, `$5` part.
    pub fill_carefully: PartSql,
    /// Fills the row with the key `$1`: whether somebody holds it locked, and how many were written.
    pub fill_one: PartSql,
    /// Fills the next `$4` rows that were locked: how many are left, and how many were written.
    /// `$1` application, `$2` step, `$3` part.
    pub revisit: PartSql,
    /// How many rows of a range differ, parked ones apart, and the keys of some. `$3` application,
    /// `$4` the front of the step's id, `$5` part.
    pub check: PartSql,
    /// The same where an expression raises for a row.
    pub check_carefully: Option<PartSql>,
}

/// SQL about one part of a table: the table itself, or a partition. Kept as the pieces between the
/// places where the part's name stands, so that nothing in an author's text is taken for a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartSql(pub(crate) Vec<String>);

impl PartSql {
    /// The statement about one part.
    pub fn of(&self, part: &QualifiedName) -> String {
        self.0.join(&part.to_string())
    }
}
