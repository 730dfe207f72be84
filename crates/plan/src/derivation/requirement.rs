//! What the table itself demands of a computed row: columns that are NOT NULL, and its CHECKs.
//!
//! The server looks after the trigger has returned, where nothing catches any more, and for a batch in
//! the statement that writes it. So the trigger's function and the safe one look first, within their
//! blocks: an older release's write does not fail, and the row is parked. A domain's own constraints
//! need none of this, since the assignment raises.
//!
//! Made by the rewrite of `UPDATE` from the catalog's picture. SQL: `sql/required.sql`.

use super::Template;
use crate::{
    model::{
        catalog::{Constraint, Relation},
        identifier::Identifier,
    },
    sql::{self, Expression},
};

/// One demand.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    /// True for a row that the server would reject.
    pub(crate) violated: Template,
    /// The name of the error that it would raise, as `RAISE` takes it.
    pub(crate) error: &'static str,
    /// What it would say.
    pub(crate) message: String,
}

impl Requirement {
    /// A column is NOT NULL.
    pub(crate) fn not_null(column: &Identifier) -> Self {
        Self {
            violated: Template::is_null(column),
            error: "not_null_violation",
            message: format!("null value in column {column} violates not-null constraint"),
        }
    }

    /// A CHECK of the table with its expression; `None` where that is not understood.
    pub(crate) fn check(
        relation: &Relation,
        constraint: &Constraint,
        expression: &Expression,
    ) -> Option<Self> {
        Some(Self {
            violated: Template::of(expression, relation)?.negated(),
            error: "check_violation",
            message: format!("new row violates check constraint {}", constraint.name),
        })
    }
}

/// The expression of a CHECK, out of what `pg_get_constraintdef` prints.
pub(crate) fn check_expression(constraint: &Constraint) -> Option<Expression> {
    let text = constraint.definition.strip_prefix("CHECK ")?;
    let text = ["NOT ENFORCED", "NOT VALID", "NO INHERIT"]
        .iter()
        .fold(text, |text, end| text.trim_end().strip_suffix(end).unwrap_or(text));
    sql::parse_expression(text.trim_end()).filter(|found| found.not_understood.is_none())
}
