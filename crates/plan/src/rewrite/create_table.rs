//! `CREATE TABLE`: adds a table that no older release knows.

use super::{Form, Planned, table};
use crate::{
    change::{self, Subject},
    model::{catalog::RelationKind, identifier::QualifiedName, lock::LockMode, step::Phase},
    rule,
    sql::{
        StatementKind as Kind,
        statement::{ConstraintBody, CreateTable},
    },
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateTable(create)) = form else { return None };
    Some(plan(work, create))
}

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
    others_are_there(work, create, &name)?;
    let sql = work.statement.text.clone();
    let change = change::create_table(&work.world.catalog, create, sql);
    let referenced = change.locks.iter().filter(|(_, mode)| *mode == LockMode::ShareRowExclusive);
    let keys: Vec<Subject> =
        referenced.flat_map(|(relation, _)| table::keys_made(work, relation)).collect();
    let title = format!("create table {}", name.plain());
    let draft = Draft::ddl("create_table", Phase::Expand, title, vec![change.into()])
        .reason("a new table disturbs nobody: no older release knows it");
    work.emit(keys.into_iter().fold(draft, Draft::needs))?;
    work.world.new_relations.insert(name);
    Ok(())
}

/// Tables that foreign keys point to, and parents, must be known.
fn others_are_there(
    work: &Work<'_>,
    create: &CreateTable,
    name: &QualifiedName,
) -> Result<(), Refused> {
    let columns = create.columns.iter().flat_map(|column| &column.constraints);
    for constraint in columns.chain(&create.constraints) {
        if let ConstraintBody::ForeignKey { references, .. } = &constraint.kind
            && &work.world.resolve(references) != name
        {
            table::existing(work, references)?;
        }
    }
    for parent in create.partition_of.iter() {
        let parent = table::existing(work, parent)?;
        if parent.kind != RelationKind::PartitionedTable {
            return Err(table::unknown_table(&parent.name));
        }
    }
    for parent in &create.inherits {
        let parent = table::existing(work, parent)?;
        super::obstacle::kin::new_child(work, &parent)?;
    }
    Ok(())
}
