//! Statements that write rows as they are written.

use super::WrittenChanges;
use crate::change::WriteRows;
use crate::{
    model::{
        catalog::Catalog,
        identifier::{Identifier, QualifiedName},
        lock::LockMode,
    },
    sql::{
        Statement, StatementKind,
        expression::Shape,
        statement::{Name, SetValue},
    },
};

/// The changes of a statement that writes rows; `None` for any other.
pub(super) fn written(catalog: &Catalog, statement: &Statement) -> WrittenChanges {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let sql = statement.text.clone();
    let change = match &*statement.kind {
        StatementKind::Update(update) => {
            // NULL points to no row.
            let is_null = |value: &SetValue| matches!(value, SetValue::Expression(value) if value.shape == Shape::Null);
            let sets = |column: &Identifier| {
                update.set.iter().any(|(set, value)| set == column && !is_null(value))
            };
            writes(catalog, resolve(&update.table), sets, sql)
        }
        StatementKind::Insert(insert) => writes(catalog, resolve(&insert.table), |_| true, sql),
        StatementKind::Remove { verb, tables } => {
            let mode = match *verb {
                "TRUNCATE" => LockMode::AccessExclusive,
                _ => LockMode::RowExclusive,
            };
            let tables = tables.iter().map(resolve).collect();
            WriteRows { tables, mode, references: Vec::new(), sql }
        }
        _ => return None,
    };
    Some(vec![change.into()])
}

/// Rows of one table are written: foreign keys of the columns that are set lock rows elsewhere.
fn writes(
    catalog: &Catalog,
    table: QualifiedName,
    sets: impl Fn(&Identifier) -> bool,
    sql: String,
) -> WriteRows {
    let references = catalog.relation(&table).map_or_else(Vec::new, |relation| {
        relation.referenced_by_keys(|key| key.columns.iter().any(&sets))
    });
    WriteRows { tables: vec![table], mode: LockMode::RowExclusive, references, sql }
}
