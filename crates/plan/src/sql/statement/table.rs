//! `CREATE TABLE`, and the columns and constraints that `ALTER TABLE` adds, too.

use super::Name;
use crate::model::identifier::Identifier;
use crate::sql::expression::Expression;

/// `CREATE TABLE`.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Its name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Its own columns.
    pub columns: Vec<ColumnDefinition>,
    /// Its table constraints.
    pub constraints: Vec<ConstraintDefinition>,
    /// Tables whose columns it copies (`LIKE`) or inherits.
    pub copies: Vec<Name>,
    /// Tables that it inherits from.
    pub inherits: Vec<Name>,
    /// The table that it is a part of.
    pub partition_of: Option<Name>,
    /// Whether it is partitioned, and by which plain columns.
    pub partition_by: Option<Vec<Identifier>>,
}

/// A column as written.
#[derive(Clone, Debug)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Identifier,
    /// Its type as written, with `COLLATE` where given.
    pub type_sql: String,
    /// `NOT NULL`, or part of an inline primary key.
    pub not_null: bool,
    /// `DEFAULT`.
    pub default: Option<Expression>,
    /// `GENERATED … AS (…)`: its expression.
    pub generated: Option<Expression>,
    /// `GENERATED … AS IDENTITY`.
    pub identity: bool,
    /// `GENERATED …` as written.
    pub computed: Option<String>,
    /// Its other constraints, in the form of table constraints.
    pub constraints: Vec<ConstraintDefinition>,
}

/// A constraint as written.
#[derive(Clone, Debug)]
pub struct ConstraintDefinition {
    /// Its name, if given.
    pub name: Option<Identifier>,
    /// What it says.
    pub kind: ConstraintBody,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `DEFERRABLE …` as written.
    pub deferrable: String,
}

/// What a constraint says.
#[derive(Clone, Debug)]
pub enum ConstraintBody {
    /// `PRIMARY KEY` or `UNIQUE`.
    Key {
        /// Whether it is the primary key.
        primary: bool,
        /// Its columns.
        columns: Vec<Identifier>,
        /// `USING INDEX`.
        using_index: Option<Identifier>,
        /// What follows the columns: `INCLUDE …`, `WITH …`, as written.
        tail: String,
        /// `NULLS NOT DISTINCT`.
        nulls_not_distinct: bool,
    },
    /// `CHECK`.
    Check {
        /// Its expression.
        expression: Expression,
        /// `NO INHERIT`.
        no_inherit: bool,
    },
    /// `FOREIGN KEY`.
    ForeignKey {
        /// Its columns.
        columns: Vec<Identifier>,
        /// The table that it points to.
        references: Name,
        /// The columns there, where given.
        referenced: Vec<Identifier>,
        /// `MATCH …`, `ON DELETE …`, `ON UPDATE …` as written.
        tail: String,
        /// Whether it changes rows when the referenced one changes.
        acts: bool,
    },
    /// `EXCLUDE`.
    Exclusion,
    /// `NOT NULL c` as a table constraint (PostgreSQL 18).
    NotNull {
        /// The column.
        column: Identifier,
    },
}
