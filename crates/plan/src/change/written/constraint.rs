//! Constraints under the names that the server would choose, and their SQL.

use crate::change::AddConstraint;
use crate::{
    model::{
        catalog::{Catalog, Constraint, ConstraintKind},
        identifier::{Identifier, QualifiedName},
    },
    sql::statement::{ConstraintBody, ConstraintDefinition, Name},
    world::names::{default_constraint_name, default_index_name},
};
/// `ADD CONSTRAINT` under the name that the server would choose where none is given.
pub(crate) fn add_constraint(
    catalog: &Catalog,
    table: &QualifiedName,
    definition: &ConstraintDefinition,
) -> AddConstraint {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let (kind, columns, using_index) = match &definition.kind {
        ConstraintBody::Key { primary, columns, using_index, .. } => {
            let kind = if *primary { ConstraintKind::PrimaryKey } else { ConstraintKind::Unique };
            (kind, columns.clone(), using_index.clone())
        }
        ConstraintBody::Check { expression, .. } => {
            (ConstraintKind::Check, expression.columns(), None)
        }
        ConstraintBody::ForeignKey { columns, references, acts, .. } => {
            let references = resolve(references);
            (ConstraintKind::ForeignKey { references, acts: *acts }, columns.clone(), None)
        }
        ConstraintBody::Exclusion => (ConstraintKind::Exclusion, Vec::new(), None),
        ConstraintBody::NotNull { column } => (ConstraintKind::NotNull, vec![column.clone()], None),
    };
    let constraint = Constraint {
        name: constraint_name(catalog, table, definition),
        kind,
        columns,
        definition: constraint_sql(catalog, definition),
        validated: !definition.not_valid,
        ..Constraint::default()
    };
    AddConstraint { table: table.clone(), constraint, using_index, look: None }
}

/// The name that a constraint has or gets.
pub(crate) fn constraint_name(
    catalog: &Catalog,
    table: &QualifiedName,
    constraint: &ConstraintDefinition,
) -> Identifier {
    if let Some(name) = &constraint.name {
        return name.clone();
    }
    let texts = |columns: &[Identifier]| -> Vec<String> {
        columns.iter().map(|column| column.as_str().to_owned()).collect()
    };
    match &constraint.kind {
        ConstraintBody::Key { primary: true, .. } => {
            default_index_name(catalog, table, &[], "pkey")
        }
        ConstraintBody::Key { columns, .. } => {
            default_index_name(catalog, table, &texts(columns), "key")
        }
        ConstraintBody::Check { expression, .. } => {
            let columns = expression.columns();
            let single = if columns.len() == 1 { columns.as_slice() } else { &[] };
            default_constraint_name(catalog, table, single, "check")
        }
        ConstraintBody::ForeignKey { columns, .. } => {
            default_constraint_name(catalog, table, columns, "fkey")
        }
        ConstraintBody::Exclusion => default_index_name(catalog, table, &[], "excl"),
        ConstraintBody::NotNull { column } => {
            default_constraint_name(catalog, table, std::slice::from_ref(column), "not_null")
        }
    }
}

/// The SQL of a constraint after its name, without `NOT VALID`; empty where it is not known.
pub(crate) fn constraint_sql(catalog: &Catalog, constraint: &ConstraintDefinition) -> String {
    let listed = |columns: &[Identifier]| {
        columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let deferrable = &constraint.deferrable;
    let sql = match &constraint.kind {
        ConstraintBody::Check { expression, no_inherit } => {
            let inherit = if *no_inherit { " NO INHERIT" } else { "" };
            format!("CHECK ({}){inherit} {deferrable}", expression.text)
        }
        ConstraintBody::ForeignKey { columns, references, referenced, tail, .. } => {
            let target = catalog.resolve(references.schema.as_ref(), &references.name);
            let list = match referenced.as_slice() {
                [] => String::new(),
                some => format!(" ({})", listed(some)),
            };
            let columns = listed(columns);
            format!("FOREIGN KEY ({columns}) REFERENCES {target}{list} {tail} {deferrable}")
        }
        ConstraintBody::Key { primary, columns, using_index, tail, nulls_not_distinct } => {
            let word = if *primary { "PRIMARY KEY" } else { "UNIQUE" };
            let nulls = if *nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
            match using_index {
                Some(index) => format!("{word} USING INDEX {index} {deferrable}"),
                None => format!("{word}{nulls} ({}) {tail} {deferrable}", listed(columns)),
            }
        }
        ConstraintBody::NotNull { column } => format!("NOT NULL {column}"),
        ConstraintBody::Exclusion => String::new(),
    };
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
