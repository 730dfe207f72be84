//! Indexes and extended statistics. SQL: `sql/indexes.sql`, `sql/statistics.sql`.

use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// One index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name; its schema is the table's.
    pub name: Identifier,
    /// The access method: `btree`, `hash`, `gin`, …
    pub method: String,
    /// Its key columns in order; empty where one of them is an expression.
    pub columns: Vec<Identifier>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it is the primary key's.
    pub primary: bool,
    /// Whether it is valid.
    pub valid: bool,
    /// Whether it has a predicate or an expression.
    pub partial_or_expression: bool,
    /// The constraint it stands behind.
    pub constraint: Option<Identifier>,
    /// Whether it looks for doubles only at the end of the transaction.
    #[serde(default)]
    pub deferrable: bool,
    /// Columns that expressions or the predicate read.
    #[serde(default)]
    pub expression_columns: Vec<Identifier>,
    /// Columns whose collation in the index is not the column's own.
    #[serde(default)]
    pub collated_columns: Vec<Identifier>,
}

/// Extended statistics on a table (`CREATE STATISTICS`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Their name.
    pub name: QualifiedName,
    /// The columns that they are about.
    pub columns: Vec<Identifier>,
    /// Whether they are about an expression too.
    pub expressions: bool,
}
