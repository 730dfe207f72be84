//! `CREATE` of what belongs to tables: indexes, triggers, views; and of what only adds.

use super::Name;
use crate::model::identifier::Identifier;
use crate::sql::expression::Expression;

/// `CREATE INDEX`.
#[derive(Clone, Debug)]
pub struct CreateIndex {
    /// Its name, if given.
    pub name: Option<Identifier>,
    /// The table.
    pub table: Name,
    /// `ON ONLY`.
    pub only: bool,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its method.
    pub method: String,
    /// For each key column: the column, or `None` for an expression.
    pub columns: Vec<Option<Identifier>>,
    /// The names that the server would build the index's name from, key and included columns.
    pub name_parts: Vec<String>,
    /// All columns that it reads.
    pub reads: Vec<Identifier>,
    /// Its expressions, and its predicate's.
    pub expressions: Vec<Expression>,
    /// Whether it has a predicate.
    pub partial: bool,
    /// All that stands after `ON table`.
    pub definition: String,
}

/// `CREATE` of something that only adds.
#[derive(Clone, Debug)]
pub struct CreateOther {
    /// `schema`, `extension`, …
    pub object: &'static str,
    /// Its name, where it has one of its own.
    pub name: Option<Name>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Relations that it belongs to.
    pub relations: Vec<Name>,
}

/// `CREATE TRIGGER`.
#[derive(Clone, Debug)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Identifier,
    /// The table.
    pub table: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `BEFORE`.
    pub before: bool,
    /// `INSTEAD OF`.
    pub instead: bool,
    /// `FOR EACH ROW`.
    pub row: bool,
    /// On `INSERT`.
    pub on_insert: bool,
    /// On `UPDATE`.
    pub on_update: bool,
    /// On `DELETE`.
    pub on_delete: bool,
    /// `UPDATE OF`.
    pub update_columns: Vec<Identifier>,
}

/// `CREATE VIEW`.
#[derive(Clone, Debug)]
pub struct CreateView {
    /// Its name.
    pub name: Name,
    /// Whether it is a materialised one.
    pub materialized: bool,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `WITH NO DATA`.
    pub no_data: bool,
    /// The relations that it reads.
    pub reads: Vec<Name>,
}
