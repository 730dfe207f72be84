//! Indexes, triggers and tables as the catalog will show them.

use super::{alter::add_column, constraint::add_constraint};
use crate::change::{Change, CreateIndex, CreateTable};
use crate::{
    model::{
        catalog::{Catalog, Relation, RelationKind, Trigger},
        identifier::{Identifier, QualifiedName},
        lock::LockMode,
    },
    sql::statement::{self, ConstraintBody, Name},
    world::names::default_index_name,
};

/// `CREATE INDEX` under the name that the server would choose where none is given.
pub(crate) fn create_index(catalog: &Catalog, create: &statement::CreateIndex) -> CreateIndex {
    let table = catalog.resolve(create.table.schema.as_ref(), &create.table.name);
    let plain: Option<Vec<Identifier>> = create.columns.iter().cloned().collect();
    CreateIndex {
        index: index_name(catalog, &table, create),
        unique: create.unique,
        definition: create.definition.clone(),
        concurrently: create.concurrently,
        only: create.only,
        method: create.method.clone(),
        partial_or_expression: create.partial || plain.is_none(),
        columns: plain.unwrap_or_default(),
        reads: create.reads.clone(),
        table,
    }
}

/// The name that an index has or gets.
pub(crate) fn index_name(
    catalog: &Catalog,
    table: &QualifiedName,
    index: &statement::CreateIndex,
) -> Identifier {
    match &index.name {
        Some(name) => name.clone(),
        None => default_index_name(catalog, table, &index.name_parts, "idx"),
    }
}

/// A trigger as the catalog will show it.
pub(super) fn trigger(create: &statement::CreateTrigger) -> Trigger {
    Trigger {
        name: create.name.clone(),
        before: create.before,
        row: create.row,
        on_insert: create.on_insert,
        on_update: create.on_update,
        on_delete: create.on_delete,
        update_columns: create.update_columns.clone(),
        enabled: true,
        ours: false,
        // Its function is not looked into.
        touches_relations: true,
    }
}

/// `CREATE TABLE`: the table as the catalog will show it, and what it locks.
pub(crate) fn create_table(
    catalog: &Catalog,
    create: &statement::CreateTable,
    sql: String,
) -> CreateTable {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let name = catalog.resolve_new(create.name.schema.as_ref(), &create.name.name);
    let kind = match create.partition_by {
        Some(_) => RelationKind::PartitionedTable,
        None => RelationKind::Table,
    };
    let mut made = Relation::new(&name, kind);
    made.partition_key = create.partition_by.clone().unwrap_or_default();
    made.partition_of = create.partition_of.as_ref().map(resolve);
    made.inherits = create.inherits.iter().map(resolve).collect();
    for source in create.copies.iter().chain(&create.inherits).chain(&create.partition_of) {
        if let Some(source) = catalog.relation(&resolve(source)) {
            made.columns.extend(source.columns.iter().cloned());
        }
    }
    // Names of constraints depend on those that the table has already.
    let mut with = catalog.clone();
    with.insert(made);
    for definition in &create.columns {
        Change::from(add_column(&with, &name, definition)).apply(&mut with);
        for constraint in &definition.constraints {
            Change::from(add_constraint(&with, &name, constraint)).apply(&mut with);
        }
    }
    for constraint in &create.constraints {
        Change::from(add_constraint(&with, &name, constraint)).apply(&mut with);
    }
    let relation = with.relation(&name).cloned().unwrap_or_else(|| Relation::new(&name, kind));
    CreateTable { sql, relation: Box::new(relation), locks: locks(catalog, create, &name) }
}

/// Tables that were there before and are locked: those that foreign keys point to, parents, sources.
fn locks(
    catalog: &Catalog,
    create: &statement::CreateTable,
    name: &QualifiedName,
) -> Vec<(QualifiedName, LockMode)> {
    let resolve = |name: &Name| catalog.resolve(name.schema.as_ref(), &name.name);
    let mut locks: Vec<(QualifiedName, LockMode)> = Vec::new();
    let columns = create.columns.iter().flat_map(|column| &column.constraints);
    for constraint in columns.chain(&create.constraints) {
        if let ConstraintBody::ForeignKey { references, .. } = &constraint.kind {
            locks.push((resolve(references), LockMode::ShareRowExclusive));
        }
    }
    let parents = create.partition_of.iter();
    locks.extend(parents.map(|parent| (resolve(parent), LockMode::AccessExclusive)));
    let parents = create.inherits.iter();
    locks.extend(parents.map(|parent| (resolve(parent), LockMode::ShareUpdateExclusive)));
    let sources = create.copies.iter();
    locks.extend(sources.map(|source| (resolve(source), LockMode::AccessShare)));
    locks.retain(|(relation, _)| relation != name);
    locks.sort();
    locks.dedup();
    locks
}
