//! Tables that hang together: parents and children by `INHERITS`, parts, foreign tables among parts.
//!
//! A statement about a parent reaches its children, whose rows no sync trigger of the parent sees
//! and whose locks no step of ours claims. So a parent with children is refused by name, except
//! where the statement stays on the table itself.

use crate::{
    model::{
        catalog::{Relation, RelationKind},
        identifier::Identifier,
    },
    rule,
    sql::statement::AlterKind,
    world::{Refused, Work},
};

/// What bars one action of `ALTER TABLE` on a table that is used.
pub(in crate::rewrite) fn alter(
    work: &Work<'_>,
    relation: &Relation,
    action: &AlterKind,
) -> Result<(), Refused> {
    if let Some(column) = taken_from_parent(action)
        && relation.column(column).is_some_and(|found| found.inherited)
    {
        return Err(inherited(relation, column));
    }
    if relation.partition_of.is_some() && matches!(action, AlterKind::AddColumn { .. }) {
        return Err(Refused::new(
            &rule::inheritance::RULE,
            format!("{} is a part: its columns are its parent's", relation.name.plain()),
            "add the column to the partitioned table",
        ));
    }
    match action {
        // These stay on the table itself.
        AlterKind::Tune
        | AlterKind::OwnerTo
        | AlterKind::RowSecurity
        | AlterKind::NoForceRowSecurity
        | AlterKind::ReplicaIdentityFull
        | AlterKind::EnableTrigger { .. } => Ok(()),
        _ => alone(work, relation),
    }
}

/// Refuses a table whose children, or foreign parts, a statement would reach.
pub(in crate::rewrite) fn alone(work: &Work<'_>, relation: &Relation) -> Result<(), Refused> {
    let catalog = &work.world.catalog;
    let children = catalog.children(&relation.name);
    if let Some(first) = children.first() {
        let more = match children.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        return Err(Refused::new(
            &rule::inheritance::RULE,
            format!(
                "{} inherits from {}{more}: what is done to the parent reaches its children, whose \
                 rows are neither filled nor kept right by a trigger of the parent",
                first.name.plain(),
                relation.name.plain()
            ),
            "make the children partitions in a stop, or run the upgrade at once \
             (`changeover migrate --at-once`), with no older release serving",
        ));
    }
    no_foreign_part(work, relation)
}

/// Refuses a table of which a part is on another server.
pub(in crate::rewrite) fn no_foreign_part(
    work: &Work<'_>,
    relation: &Relation,
) -> Result<(), Refused> {
    let foreign = |part: &&Relation| part.kind == RelationKind::ForeignTable;
    match work.world.catalog.parts(&relation.name).into_iter().find(foreign) {
        Some(part) => Err(Refused::new(
            &rule::foreign_partition::RULE,
            format!(
                "the part {} of {} is a foreign table: neither its rows nor its locks are this \
                 server's",
                part.name.plain(),
                relation.name.plain()
            ),
            "detach the foreign part in a stop, or run the upgrade at once (`changeover migrate \
             --at-once`), with no older release serving",
        )),
        None => Ok(()),
    }
}

/// A new child would be without the triggers that keep columns of its parent right.
pub(in crate::rewrite) fn new_child(work: &Work<'_>, parent: &Relation) -> Result<(), Refused> {
    if parent.kind == RelationKind::PartitionedTable || parent.partition_of.is_some() {
        return Err(Refused::new(
            &rule::inheritance::RULE,
            format!(
                "{} is partitioned or a part: nothing can inherit from it",
                parent.name.plain()
            ),
            "write CREATE TABLE … PARTITION OF",
        ));
    }
    let synced = parent.triggers.iter().any(|trigger| trigger.ours)
        || work.world.records.syncs().iter().any(|sync| sync.table == parent.name);
    if !synced {
        return Ok(());
    }
    Err(Refused::new(
        &rule::inheritance::RULE,
        format!(
            "columns of {} are being filled, and rows of a new child would be left out",
            parent.name.plain()
        ),
        "create the child in a later migration, once the columns are filled and the trigger is gone",
    ))
}

/// The column that the action changes in a way that only its parent may.
fn taken_from_parent(action: &AlterKind) -> Option<&Identifier> {
    match action {
        AlterKind::DropColumn { column, .. }
        | AlterKind::SetType { column, .. }
        | AlterKind::RenameColumn { from: column, .. } => Some(column),
        _ => None,
    }
}

fn inherited(relation: &Relation, column: &Identifier) -> Refused {
    let parents: Vec<String> = relation
        .partition_of
        .iter()
        .chain(&relation.inherits)
        .map(crate::QualifiedName::plain)
        .collect();
    Refused::new(
        &rule::inheritance::RULE,
        format!(
            "{}.{} is inherited from {}",
            relation.name.plain(),
            column.as_str(),
            parents.join(", ")
        ),
        "change the column of the parent",
    )
}
