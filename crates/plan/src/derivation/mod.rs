//! One value that says "these columns of this table follow this expression, for these writers", and all
//! SQL that says so.
//!
//! A `Derivation` is made by the rewrites of `UPDATE` and of columns with a volatile default.
//! `Derivation::install` and `Derivation::remove` are the statements of `sync_install` and
//! `sync_drop` steps (`trigger.rs`), `Derivation::backfill` the data of a backfill and its check
//! (`rows.rs`). The SQL is in `sql/`; `part_sql.rs` fills it, `names.rs` names what is made.
//!
//! Invariants: nothing raises because of the author's expressions; everything runs under the same
//! pinned settings; nothing here reads a clock or another table.

mod differs;
mod names;
mod part_sql;
mod requirement;
mod rows;
mod settings;
mod template;
mod trigger;

pub use rows::statements;

pub(crate) use differs::differs;
pub(crate) use names::TRIGGER_PREFIX;
pub(crate) use requirement::{Requirement, check_expression};
pub(crate) use settings::{Settings, is_open, pinned_settings};
pub(crate) use template::Template;

use crate::model::{
    backfill::KeyColumn,
    identifier::{Identifier, QualifiedName},
    step::StepId,
};

/// Whose rows follow the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writers {
    /// For every writer: a trigger computes the columns until no older release writes any more.
    All,
    /// Nobody: only the rows that are there are filled.
    None,
}

/// Which columns of which table follow which expressions, for which writers.
#[derive(Clone, Debug)]
pub(crate) struct Derivation {
    /// The application.
    pub(crate) app: String,
    /// The migration.
    pub(crate) migration: u64,
    /// The statement within it, from 1.
    pub(crate) statement: usize,
    /// The backfill of the same columns: rows are parked in its name.
    pub(crate) backfill: StepId,
    /// The table.
    pub(crate) table: QualifiedName,
    /// Whether it is partitioned.
    pub(crate) partitioned: bool,
    /// Rows that it is believed to hold.
    pub(crate) rows_estimate: u64,
    /// The table's key, to go through it and to name a row that is parked.
    pub(crate) key: Vec<KeyColumn>,
    /// The columns that are read, with their types.
    pub(crate) reads: Vec<KeyColumn>,
    /// What is computed.
    pub(crate) columns: Vec<DerivedColumn>,
    /// What the table demands of what is computed.
    pub(crate) requirements: Vec<Requirement>,
    /// The pinned settings.
    pub(crate) settings: Settings,
    /// Whose rows follow it.
    pub(crate) writers: Writers,
}

/// One computed column.
#[derive(Clone, Debug)]
pub(crate) struct DerivedColumn {
    /// The column.
    pub(crate) column: Identifier,
    /// Its type.
    pub(crate) type_sql: String,
    /// The value.
    pub(crate) value: Template,
    /// Rows for which this does not hold are left alone.
    pub(crate) condition: Option<Template>,
    /// The constant for a row whose value raises, where there is one.
    pub(crate) fallback: Option<String>,
    /// Whether an INSERT that does not name the column leaves it NULL.
    pub(crate) null_by_default: bool,
    /// Whether any value will do, as of a volatile default: then only NULL differs.
    pub(crate) only_null: bool,
}

impl DerivedColumn {
    /// True for a row whose column is not what the expression says.
    pub(crate) fn differs(&self) -> String {
        if self.only_null {
            return format!("{} IS NULL", self.column);
        }
        let value = format!("CAST({} AS {})", self.value.of_row(), self.type_sql);
        differs(&self.column.to_string(), &value, &self.type_sql)
    }
}

fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}
