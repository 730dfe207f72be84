//! Constraints of tables. SQL: `sql/constraints.sql`. Those of domains: `types`.

use crate::model::identifier::{Identifier, QualifiedName};
use serde::{Deserialize, Serialize};

/// What kind of constraint it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// CHECK.
    #[default]
    Check,
    /// FOREIGN KEY.
    ForeignKey {
        /// The table that it points to.
        references: QualifiedName,
        /// Whether deleting or updating the referenced row changes rows here (CASCADE, SET NULL, …).
        acts: bool,
    },
    /// EXCLUDE.
    Exclusion,
    /// NOT NULL as a constraint of its own (PostgreSQL 18).
    NotNull,
}

/// One constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub name: Identifier,
    /// Its kind.
    pub kind: ConstraintKind,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// Its definition as `pg_get_constraintdef` prints it.
    pub definition: String,
    /// Whether it is validated.
    pub validated: bool,
    /// For a foreign key, the columns to which it points.
    #[serde(default)]
    pub referenced: Vec<Identifier>,
    /// Whether updating the referenced row changes rows here (`ON UPDATE CASCADE`, `SET NULL`, …).
    #[serde(default)]
    pub acts_on_update: bool,
    /// Whether children do not have it (`NO INHERIT`).
    #[serde(default)]
    pub no_inherit: bool,
    /// Whether a parent has it too, so that it goes only with the parent's.
    #[serde(default)]
    pub inherited: bool,
}

impl Constraint {
    /// For a foreign key, the table to which it points.
    pub fn references(&self) -> Option<&QualifiedName> {
        match &self.kind {
            ConstraintKind::ForeignKey { references, .. } => Some(references),
            _ => None,
        }
    }
}
