//! `DROP` and renames.

use super::WrittenChanges;
use crate::change::{
    Change, DropFunction, DropIndex, DropPolicy, DropRelation, DropTrigger, DropType,
    RenameConstraint, RenameRelation, RenameTrigger,
};
use crate::{
    model::{
        catalog::{Catalog, RelationKind},
        identifier::{Identifier, QualifiedName},
    },
    sql::{
        Statement,
        statement::{self, Name},
    },
};

pub(super) fn drops(
    catalog: &Catalog,
    drop: &statement::Drop,
    statement: &Statement,
) -> WrittenChanges {
    use statement::DropObject;
    let if_exists = drop.if_exists;
    let mut changes: Vec<Change> = Vec::new();
    for name in &drop.names {
        let qualified = catalog.resolve(name.schema.as_ref(), &name.name);
        let sql = || statement.text.clone();
        let table = || {
            let table = drop.table.as_ref()?;
            Some(catalog.resolve(table.schema.as_ref(), &table.name))
        };
        changes.push(match drop.object {
            DropObject::Table | DropObject::View | DropObject::MaterializedView => {
                let found = catalog.relation(&qualified).map(|relation| relation.kind);
                let kind = match drop.object {
                    DropObject::View => RelationKind::View,
                    DropObject::MaterializedView => RelationKind::MaterializedView,
                    _ => found.unwrap_or(RelationKind::Table),
                };
                DropRelation { name: qualified, kind, if_exists }.into()
            }
            DropObject::Sequence => {
                DropRelation { name: qualified, kind: RelationKind::Sequence, if_exists }.into()
            }
            DropObject::Index => {
                let index = catalog.resolve_index(name.schema.as_ref(), &name.name);
                let on = catalog.table_of_index(&index).map(|relation| relation.name.clone());
                let table = on.unwrap_or_else(|| index.clone());
                DropIndex { table, index, concurrently: drop.concurrently, if_exists }.into()
            }
            DropObject::Type => DropType { name: qualified, if_exists }.into(),
            DropObject::Function => DropFunction { function: name.name.clone(), sql: sql() }.into(),
            DropObject::Trigger => {
                DropTrigger { table: table()?, trigger: name.name.clone(), if_exists }.into()
            }
            DropObject::Policy => DropPolicy { table: table()?, sql: sql() }.into(),
            DropObject::Schema | DropObject::Extension => return None,
        });
    }
    Some(changes)
}

pub(super) fn rename(
    catalog: &Catalog,
    object: &str,
    relation: &Name,
    (from, to): &(Identifier, Identifier),
) -> WrittenChanges {
    let (from, to) = (from.clone(), to.clone());
    match object {
        "index" => {
            let index = catalog.resolve_index(relation.schema.as_ref(), &relation.name);
            let table = catalog.table_of_index(&index)?.name.clone();
            Some(vec![RenameConstraint { table, from, to, index: true }.into()])
        }
        "trigger" => {
            let table = catalog.resolve(relation.schema.as_ref(), &relation.name);
            Some(vec![RenameTrigger { table, from, to }.into()])
        }
        "view" | "materialized view" | "sequence" => {
            let from = catalog.resolve(relation.schema.as_ref(), &relation.name);
            let to = QualifiedName { schema: from.schema.clone(), name: to };
            Some(vec![RenameRelation { from, to }.into()])
        }
        _ => None,
    }
}
