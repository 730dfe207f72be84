//! Columns. SQL: `sql/columns.sql`.

use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Identifier,
    /// Its type as `format_type` prints it.
    pub type_sql: String,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Its default expression.
    pub default: Option<String>,
    /// For a generated column, its expression.
    pub generated: Option<String>,
    /// Whether it is an identity column.
    pub identity: bool,
    /// Whether a generated column is computed when it is read (PostgreSQL 18), and not stored.
    #[serde(default)]
    pub computed_on_read: bool,
    /// Whether an identity column rejects values of its writers (`GENERATED ALWAYS`).
    #[serde(default)]
    pub identity_always: bool,
    /// Its collation, where that is not its type's.
    #[serde(default)]
    pub collation: Option<QualifiedName>,
    /// Whether it comes from a parent.
    #[serde(default)]
    pub inherited: bool,
    /// `attstorage`, where that is not its type's: `p`, `e`, `m` or `x`.
    #[serde(default)]
    pub storage: Option<String>,
    /// `attcompression`, where one is set.
    #[serde(default)]
    pub compression: Option<String>,
    /// The sequence that belongs to it (serial, identity).
    #[serde(default)]
    pub sequence: Option<QualifiedName>,
}
