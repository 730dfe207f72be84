//! `ALTER TABLE`: each action by itself, in the order in which they are written.

use super::{Form, Planned, add_constraint, obstacle, table};
use crate::{
    change,
    model::catalog::{Relation, RelationKind},
    sql::{
        StatementKind as Kind,
        statement::{AlterKind, AlterTable},
    },
    world::{Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::AlterTable(alter)) = form else { return None };
    Some(plan(work, alter))
}

fn plan(work: &mut Work<'_>, alter: &AlterTable) -> Result<(), Refused> {
    let name = work.world.resolve(&alter.name);
    if alter.if_exists && work.world.relation(&name).is_none() {
        return super::nothing_to_do(work, format!("there is no table {}", name.plain()));
    }
    let relation = table::existing(work, &alter.name)?;
    if work.world.is_new(&relation.name) {
        return on_new_table(work, alter, &relation);
    }
    if alter.only && relation.kind == RelationKind::PartitionedTable {
        return Err(super::not_understood("ALTER TABLE ONLY on a partitioned table"));
    }
    for action in &alter.actions {
        // Looked up for each action: the one before has changed it.
        let relation = table::existing(work, &alter.name)?;
        obstacle::kin::alter(work, &relation, &action.kind)?;
        super::by_form(work, &Form::Action(&relation, action))?;
    }
    Ok(())
}

/// Nobody uses a new table yet, so the statement runs as written.
fn on_new_table(
    work: &mut Work<'_>,
    alter: &AlterTable,
    relation: &Relation,
) -> Result<(), Refused> {
    let mut after = work.world.catalog.clone();
    for action in &alter.actions {
        match &action.kind {
            AlterKind::SetSchema => return Err(super::rename::object("table's schema")),
            AlterKind::NotUnderstood(what) => return Err(super::not_understood(what)),
            AlterKind::DropColumn { column, if_exists: false, .. }
            | AlterKind::SetNotNull { column }
            | AlterKind::DropNotNull { column }
            | AlterKind::SetDefault { column, .. }
            | AlterKind::RenameColumn { from: column, .. } => {
                let now = after.relation(&relation.name).unwrap_or(relation);
                table::has_column(now, column)?;
            }
            AlterKind::AddConstraint(constraint) => {
                add_constraint::referenced_must_be_there(work, constraint)?;
            }
            _ => {}
        }
        for change in change::action(&after, &relation.name, action).unwrap_or_default() {
            change.apply(&mut after);
        }
    }
    super::as_it_is_written(
        work,
        "alter",
        format!("alter {}, which is new", relation.name.plain()),
        "the table is new: nobody waits for it",
    )
}
