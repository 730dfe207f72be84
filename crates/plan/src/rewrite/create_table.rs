//! `CREATE TABLE`: adds a table that no older release knows.

use super::table;
use crate::{
    model::{
        catalog::RelationKind,
        identifier::QualifiedName,
        lock::{LockHeld, LockMode},
        step::Phase,
    },
    rule,
    sql::statement::{ConstraintBody, CreateTable},
    world::{Draft, Refused, Subject, Work},
};

/// Plans `CREATE TABLE`.
pub(super) fn plan(work: &mut Work<'_>, create: &CreateTable) -> Result<(), Refused> {
    if create.temporary {
        return Err(Refused::new(
            &rule::temporary::RULE,
            "a temporary table is gone before the next step runs",
            "use a table of its own and drop it in a later migration",
        ));
    }
    let name = work.world.resolve_new(&create.name);
    if work.world.relation(&name).is_some() {
        if create.if_not_exists {
            return super::nothing_to_do(work, format!("table {} is there already", name.plain()));
        }
        return Err(Refused::new(
            &rule::exists::RULE,
            format!("there is a relation {} already", name.plain()),
            "give the new one another name",
        ));
    }
    let mut draft = Draft::ddl(
        "create_table",
        Phase::Expand,
        format!("create table {}", name.plain()),
        vec![work.statement.text.clone()],
    )
    .reason("a new table disturbs nobody: no older release knows it")
    .undo([format!("DROP TABLE IF EXISTS {name}")])
    .makes(Subject::Relation(name.clone()));
    for (relation, mode) in locks(work, create, &name)? {
        draft =
            draft.lock(&relation, mode, LockHeld::Blink).needs(Subject::Relation(relation.clone()));
        if mode == LockMode::ShareRowExclusive {
            for key in table::keys_made(work, &relation) {
                draft = draft.needs(key);
            }
        }
    }
    work.emit(draft)?;
    work.world.simulate_create_table(&name, create);
    work.world.new_relations.insert(name);
    Ok(())
}

/// Tables that were there before and are locked: those that foreign keys point to, and parents.
fn locks(
    work: &Work<'_>,
    create: &CreateTable,
    name: &QualifiedName,
) -> Result<Vec<(QualifiedName, LockMode)>, Refused> {
    let mut locks: Vec<(QualifiedName, LockMode)> = Vec::new();
    let constraints =
        create.columns.iter().flat_map(|column| &column.constraints).chain(&create.constraints);
    for constraint in constraints {
        if let ConstraintBody::ForeignKey { references, .. } = &constraint.kind {
            let referenced = work.world.resolve(references);
            if &referenced != name {
                table::existing(work, references)?;
                locks.push((referenced, LockMode::ShareRowExclusive));
            }
        }
    }
    for parent in create.partition_of.iter() {
        let parent = table::existing(work, parent)?;
        if parent.kind != RelationKind::PartitionedTable {
            return Err(table::unknown_table(&parent.name));
        }
        locks.push((parent.name, LockMode::AccessExclusive));
    }
    for parent in &create.inherits {
        let parent = table::existing(work, parent)?;
        super::obstacle::kin::new_child(work, &parent)?;
        locks.push((parent.name, LockMode::ShareUpdateExclusive));
    }
    for source in &create.copies {
        locks.push((work.world.resolve(source), LockMode::AccessShare));
    }
    locks.sort();
    locks.dedup();
    Ok(locks)
}
