//! `ALTER TABLE`: each action by itself, in the order in which they are written.

use super::{
    add_column, add_constraint, alter_column, column_type, drop_column, drop_constraint, obstacle,
    set_not_null, table,
};
use crate::{
    change::{
        self, AlterOwner, AttachPartition, EnableTrigger, FullReplicaIdentity, NoForceRowSecurity,
        TuneTable,
    },
    model::{
        catalog::{Relation, RelationKind},
        identifier::Identifier,
        step::Phase,
    },
    rule,
    sql::statement::{AlterAction, AlterKind, AlterTable},
    world::{Draft, Refused, Work},
};

/// Plans `ALTER TABLE`.
pub(super) fn plan(work: &mut Work<'_>, alter: &AlterTable) -> Result<(), Refused> {
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
        // Anew for each action: the one before has changed it.
        let relation = table::existing(work, &alter.name)?;
        obstacle::kin::alter(work, &relation, &action.kind)?;
        self::action(work, &relation, action)?;
    }
    Ok(())
}

fn action(work: &mut Work<'_>, relation: &Relation, action: &AlterAction) -> Result<(), Refused> {
    match &action.kind {
        AlterKind::AddColumn { column, if_not_exists } => {
            add_column::plan(work, relation, column, *if_not_exists)
        }
        AlterKind::DropColumn { column, if_exists, cascade } => {
            drop_column::plan(work, relation, column, *if_exists, *cascade)
        }
        AlterKind::SetNotNull { column } => set_not_null::plan(work, relation, column),
        AlterKind::SetType { column, type_sql, using } => {
            column_type::plan(work, relation, column, type_sql, *using)
        }
        AlterKind::SetDefault { .. }
        | AlterKind::DropDefault { .. }
        | AlterKind::DropNotNull { .. } => alter_column::plan(work, relation, action),
        AlterKind::AddConstraint(constraint) => add_constraint::plan(work, relation, constraint),
        AlterKind::DropConstraint { name, if_exists, cascade } => {
            drop_constraint::plan(work, relation, name, *if_exists, *cascade)
        }
        AlterKind::ValidateConstraint { name } => {
            add_constraint::validate(work, relation, name, Phase::Online, None)
        }
        AlterKind::RenameColumn { from, to } => Err(super::rename::column(relation, from, to)),
        AlterKind::RenameTable { .. } => Err(super::rename::object("table")),
        AlterKind::RenameConstraint { .. } => Err(super::rename::object("constraint")),
        AlterKind::SetSchema => Err(super::rename::object("table's schema")),
        AlterKind::Tune | AlterKind::OwnerTo => as_written(work, relation, action),
        AlterKind::AttachPartition { part } => attach(work, relation, action, part),
        AlterKind::NoForceRowSecurity | AlterKind::ReplicaIdentityFull => {
            loosen(work, relation, action)
        }
        AlterKind::EnableTrigger { name, enabled } => {
            enable_trigger(work, relation, action, name, *enabled)
        }
        AlterKind::RowSecurity => Err(Refused::new(
            &rule::row_security::RULE,
            "row security decides what releases that serve see and may write",
            "change it in a stop, with no older release serving",
        )),
        AlterKind::NotUnderstood(what) => Err(super::not_understood(what)),
    }
}

/// An action that changes neither data nor what may be written.
fn as_written(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
) -> Result<(), Refused> {
    let title = format!("alter {}: {}", relation.name.plain(), action.text.to_lowercase());
    let (table, text) = (relation.name.clone(), action.text.clone());
    let change = match action.kind {
        AlterKind::OwnerTo => AlterOwner { table, action: text }.into(),
        _ => TuneTable { table, action: text }.into(),
    };
    let draft = Draft::ddl("alter", Phase::Expand, title, vec![change])
        .reason("changes neither what is stored nor what may be written")
        .joins();
    work.emit(draft).map(|_| ())
}

/// An action that no release notices, but for the better.
fn loosen(work: &mut Work<'_>, relation: &Relation, action: &AlterAction) -> Result<(), Refused> {
    let table = relation.name.plain();
    let (word, reason) = match action.kind {
        AlterKind::NoForceRowSecurity => (
            "no force row level security",
            "loosens for the owner alone: what services see and may write stays",
        ),
        _ => (
            "replica identity full",
            "updates and deletes are sent with the whole old row, and none is rejected",
        ),
    };
    let on = relation.name.clone();
    let change = match action.kind {
        AlterKind::NoForceRowSecurity => NoForceRowSecurity { table: on }.into(),
        _ => FullReplicaIdentity { table: on }.into(),
    };
    let title = format!("alter {table}: {word}");
    let draft = Draft::ddl("alter", Phase::Expand, title, vec![change]).reason(reason).joins();
    work.emit(draft).map(|_| ())
}

/// A trigger that is disabled is as good as dropped; one that is enabled as good as new.
fn enable_trigger(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
    name: &Identifier,
    enabled: bool,
) -> Result<(), Refused> {
    if !relation.triggers.iter().any(|trigger| &trigger.name == name) {
        return Err(super::not_understood(&action.text));
    }
    let verb = if enabled { "enable" } else { "disable" };
    let title = format!("{verb} trigger {} of {}", name.as_str(), relation.name.plain());
    let (phase, reason) = match enabled {
        true => (Phase::Expand, "it fires for what older releases write too, from now on"),
        false => (Phase::Contract, "older releases rely on what it does"),
    };
    let change = EnableTrigger { table: relation.name.clone(), trigger: name.clone(), enabled };
    let mut draft = Draft::ddl("alter_trigger", phase, title, vec![change.into()]).reason(reason);
    if !enabled {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft).map(|_| ())
}

/// A part that nobody uses yet comes to a table that is used.
fn attach(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
    part: &crate::sql::statement::Name,
) -> Result<(), Refused> {
    let part_name = table::existing(work, part)?.name;
    if !work.world.is_new(&part_name) {
        return Err(Refused::new(
            &rule::attach_partition::RULE,
            format!("{} may hold rows, which would be scanned under a lock", part_name.plain()),
            "attach a table that this upgrade creates, or use CREATE TABLE … PARTITION OF",
        ));
    }
    let title = format!("attach {} to {}", part_name.plain(), relation.name.plain());
    let change = AttachPartition {
        table: relation.name.clone(),
        part: part_name,
        action: action.text.clone(),
    };
    let draft = Draft::ddl("attach", Phase::Expand, title, vec![change.into()])
        .reason("an empty part adds room for rows and changes none");
    work.emit(draft).map(|_| ())
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
