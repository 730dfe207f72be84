//! `DROP` of tables, indexes, views, types, functions, triggers and the like: contract.

use super::{Form, Planned, obstacle::dependant, table};
use crate::{
    change::{DropIndex, DropRelation, DropTrigger},
    model::{
        catalog::{Object, Relation, RelationKind},
        identifier::{Identifier, QualifiedName},
        step::{IndexDrop, Phase, StepKind},
    },
    rule,
    sql::{
        StatementKind as Kind,
        statement::{Drop, DropObject, Name},
    },
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Drop(drop)) = form else { return None };
    Some(plan(work, drop))
}

/// Plans `DROP`.
pub(super) fn plan(work: &mut Work<'_>, drop: &Drop) -> Result<(), Refused> {
    if drop.cascade {
        return Err(super::cascade());
    }
    for name in &drop.names {
        match drop.object {
            DropObject::Index => index(work, drop, name)?,
            DropObject::Table | DropObject::View | DropObject::MaterializedView => {
                relation(work, drop, name)?;
            }
            DropObject::Trigger | DropObject::Policy => on_table(work, drop, name)?,
            DropObject::Type | DropObject::Function | DropObject::Sequence => {}
            DropObject::Schema | DropObject::Extension => {
                return Err(Refused::new(
                    &rule::drop_schema::RULE,
                    format!("dropping a {} may take much with it", drop.object.as_str()),
                    "drop what is in it piece by piece, or do it in a stop",
                ));
            }
        }
    }
    if matches!(drop.object, DropObject::Type | DropObject::Function | DropObject::Sequence) {
        as_written(work, drop)?;
    }
    Ok(())
}

fn index(work: &mut Work<'_>, drop: &Drop, name: &Name) -> Result<(), Refused> {
    let index = work.world.resolve_index(name);
    let Some(relation) = work.world.catalog.table_of_index(&index).cloned() else {
        return missing(work, drop, &index);
    };
    not_of_constraint(&relation, &index)?;
    let partitioned = relation.kind == RelationKind::PartitionedTable;
    let is_new = work.world.is_new(&relation.name);
    let change = DropIndex {
        table: relation.name.clone(),
        index: index.clone(),
        concurrently: !is_new && !partitioned,
        // A concurrent drop is not recorded in its own transaction, so it may run twice.
        if_exists: !is_new,
    };
    let draft = if is_new {
        let title = format!("drop index {}", index.plain());
        Draft::ddl("drop_index", Phase::Expand, title, vec![change.into()])
            .reason("the table is new: nobody waits for it")
    } else {
        let how = if partitioned { "under short locks" } else { "concurrently" };
        Draft::new(
            "drop_index",
            Phase::Contract,
            format!("drop index {}", index.plain()),
            StepKind::IndexDrop(IndexDrop { drop: change, partitioned }),
        )
        .floor(work.unused_floor())
        .reason(format!(
            "older releases' queries may be slow without it, and a unique one may be needed for ON \
             CONFLICT; dropped {how}"
        ))
    };
    work.emit(draft).map(|_| ())
}

/// An index behind a constraint goes with the constraint only.
fn not_of_constraint(relation: &Relation, index: &QualifiedName) -> Result<(), Refused> {
    let found = relation.indexes.iter().find(|found| found.name == index.name);
    match found.and_then(|found| found.constraint.as_ref()) {
        Some(constraint) => Err(Refused::new(
            &rule::index_of_constraint::RULE,
            format!("{} stands behind the constraint {}", index.plain(), constraint.as_str()),
            format!("write ALTER TABLE … DROP CONSTRAINT {}", constraint.as_str()),
        )),
        None => Ok(()),
    }
}

fn relation(work: &mut Work<'_>, drop: &Drop, name: &Name) -> Result<(), Refused> {
    let qualified = work.world.resolve(name);
    let Some(relation) = work.world.relation(&qualified).cloned() else {
        return missing(work, drop, &qualified);
    };
    of_that_kind(drop.object, &relation)?;
    nothing_depends(work, &relation)?;
    dependant::none(work, &Object::Relation { name: qualified.clone() })?;
    let word = drop.object.as_str();
    let kind = relation.kind;
    let change = DropRelation { name: qualified.clone(), kind, if_exists: false };
    let title = format!("drop {word} {}", qualified.plain());
    let draft = if work.world.is_new(&qualified) {
        Draft::ddl("drop", Phase::Expand, title, vec![change.into()])
            .reason("no older release knows it")
    } else {
        Draft::ddl("drop", Phase::Contract, title, vec![change.into()])
            .floor(work.unused_floor())
            .reason("older releases read or write it")
    };
    work.emit(draft).map(|_| ())
}

/// Views, foreign keys and sync triggers that would be in the way.
fn nothing_depends(work: &Work<'_>, relation: &Relation) -> Result<(), Refused> {
    let title = relation.name.plain();
    let mut views = relation.views.iter();
    if let Some(view) = views.find(|view| work.world.relation(view).is_some()) {
        return Err(Refused::new(
            &rule::view_depends::RULE,
            format!("the view {} reads {title}", view.plain()),
            "drop the view first",
        ));
    }
    if let Some(other) = table::referencing(work, &relation.name) {
        return Err(Refused::new(
            &rule::referenced::RULE,
            format!("a foreign key of {} points to {title}", other.plain()),
            "drop that foreign key, or that table, in a statement before this one",
        ));
    }
    let mut syncs = work.world.records.syncs().iter();
    match syncs.find(|sync| sync.table == relation.name) {
        Some(_) => Err(Refused::new(
            &rule::drop_synced_table::RULE,
            format!("{title} is filled and dropped in one upgrade"),
            "leave the UPDATE out, or drop the table in a later migration",
        )),
        None => Ok(()),
    }
}

fn on_table(work: &mut Work<'_>, drop: &Drop, name: &Name) -> Result<(), Refused> {
    let Some(table) = &drop.table else {
        return Err(super::not_understood("DROP without a table"));
    };
    let qualified = work.world.resolve(table);
    if work.world.relation(&qualified).is_none() {
        return Err(table::unknown_table(&qualified));
    }
    if drop.object == DropObject::Policy {
        return Err(Refused::new(
            &rule::row_security::RULE,
            "row security decides what releases that serve see and may write",
            "change it in a stop, with no older release serving",
        ));
    }
    let change = DropTrigger {
        table: qualified.clone(),
        trigger: name.name.clone(),
        if_exists: drop.if_exists,
    };
    let title = format!("drop trigger {} of {}", name.name.as_str(), qualified.plain());
    let is_new = work.world.is_new(&qualified);
    let phase = if is_new { Phase::Expand } else { Phase::Contract };
    let mut draft = Draft::ddl("drop_trigger", phase, title, vec![change.into()])
        .reason(if is_new { "the table is new" } else { "older releases rely on what it does" });
    if !is_new {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft).map(|_| ())
}

/// Types, functions and sequences: nothing to know about them but that older releases use them.
fn as_written(work: &mut Work<'_>, drop: &Drop) -> Result<(), Refused> {
    let word = drop.object.as_str();
    let listed: Vec<&str> = drop.names.iter().map(|name| name.name.as_str()).collect();
    for name in &drop.names {
        unused(work, drop.object, name)?;
    }
    let title = format!("drop {word} {}", listed.join(", "));
    let draft = Draft::ddl("drop", Phase::Contract, title, super::written(work)?)
        .floor(work.unused_floor())
        .reason(format!("older releases may use the {word}"));
    work.emit(draft).map(|_| ())
}

fn missing(work: &mut Work<'_>, drop: &Drop, name: &QualifiedName) -> Result<(), Refused> {
    if drop.if_exists {
        let title = format!("there is no {} {}", drop.object.as_str(), name.plain());
        return super::nothing_to_do(work, title);
    }
    Err(table::unknown_table(name))
}

/// Refuses what something depends on.
fn unused(work: &Work<'_>, object: DropObject, name: &Name) -> Result<(), Refused> {
    let qualified = found_name(work, object, name);
    let objects = match object {
        DropObject::Function => dependant::overloads(&work.world.catalog, &qualified),
        DropObject::Type => vec![Object::Type { name: qualified }],
        _ => vec![Object::Relation { name: qualified }],
    };
    objects.iter().try_for_each(|object| dependant::none(work, object))
}

/// The name along the search path, where such an object is.
fn found_name(work: &Work<'_>, object: DropObject, name: &Name) -> QualifiedName {
    let catalog = &work.world.catalog;
    let is_there = |candidate: &QualifiedName| match object {
        DropObject::Function => !dependant::overloads(catalog, candidate).is_empty(),
        DropObject::Type => catalog.types.iter().any(|found| &found.name == candidate),
        _ => catalog.relation(candidate).is_some(),
    };
    let candidate =
        |schema: &Identifier| QualifiedName { schema: schema.clone(), name: name.name.clone() };
    match &name.schema {
        Some(schema) => candidate(schema),
        None => catalog
            .search_path
            .iter()
            .map(candidate)
            .find(is_there)
            .unwrap_or_else(|| catalog.resolve_new(None, &name.name)),
    }
}

/// `DROP TABLE` of a view and the like: the server would refuse it.
fn of_that_kind(object: DropObject, relation: &Relation) -> Result<(), Refused> {
    let fits = match object {
        DropObject::Table => {
            matches!(relation.kind, RelationKind::Table | RelationKind::PartitionedTable)
        }
        DropObject::View => relation.kind == RelationKind::View,
        _ => relation.kind == RelationKind::MaterializedView,
    };
    if fits {
        return Ok(());
    }
    Err(Refused::new(
        &rule::not_a_table::RULE,
        format!("{} is no {}", relation.name.plain(), object.as_str()),
        "write DROP with the word for what it is",
    ))
}
