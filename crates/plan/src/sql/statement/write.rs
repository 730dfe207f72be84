//! `UPDATE` and `INSERT`.

use super::{Name, StatementKind};
use crate::model::identifier::Identifier;
use crate::sql::expression::Expression;

/// `UPDATE`.
#[derive(Clone, Debug)]
pub struct Update {
    /// The table.
    pub table: Name,
    /// Its alias.
    pub alias: Option<Identifier>,
    /// Column and value.
    pub set: Vec<(Identifier, SetValue)>,
    /// The `WHERE` clause, split at its topmost `AND`s.
    pub conjuncts: Vec<Expression>,
    /// The whole `WHERE` clause.
    pub filter: Option<Expression>,
    /// Statements in its `WITH` that write rows.
    pub with: Vec<StatementKind>,
    /// `FROM`, `WITH`, `RETURNING`: what is there beyond an update of own rows.
    pub beyond: Option<&'static str>,
}

/// What a column is set to.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each column of one UPDATE")]
pub enum SetValue {
    /// An expression.
    Expression(Expression),
    /// `DEFAULT`.
    Default,
}

/// `INSERT`.
#[derive(Clone, Debug)]
pub struct Insert {
    /// The table.
    pub table: Name,
    /// How many rows `VALUES` lists; `None` where they come from a query.
    pub value_rows: Option<usize>,
    /// `ON CONFLICT DO UPDATE`.
    pub updates_on_conflict: bool,
    /// Statements in its `WITH` that write rows.
    pub with: Vec<StatementKind>,
    /// Whether a value is a sub-select, or a CTE is there.
    pub reads_tables: bool,
}
