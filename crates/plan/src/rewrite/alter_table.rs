//! `ALTER TABLE`: each action by itself, in the order in which they are written.

use super::{
    add_column, add_constraint, alter_column, column_type, drop_column, drop_constraint, obstacle,
    set_not_null, table,
};
use crate::{
    model::{
        catalog::{Relation, RelationKind},
        identifier::{Identifier, QualifiedName},
        lock::{LockHeld, LockMode},
        step::Phase,
    },
    rule,
    sql::statement::{AlterAction, AlterKind, AlterTable},
    world::{Draft, Refused, Subject, Work},
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
        if let Err(refused) = obstacle::kin::alter(work, &relation, &action.kind) {
            work.world.simulate_alter(&relation.name, &action.kind);
            return Err(refused);
        }
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
        AlterKind::Tune => as_written(work, relation, action, LockMode::ShareUpdateExclusive),
        AlterKind::OwnerTo => as_written(work, relation, action, LockMode::AccessExclusive),
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
    mode: LockMode,
) -> Result<(), Refused> {
    let title = format!("alter {}: {}", relation.name.plain(), action.text.to_lowercase());
    let sql = format!("ALTER TABLE {} {}", relation.name, action.text);
    let draft = Draft::ddl("alter", Phase::Expand, title, vec![sql])
        .lock(&relation.name, mode, LockHeld::Blink)
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
    let sql = format!("ALTER TABLE {} {}", relation.name, action.text);
    let draft = Draft::ddl("alter", Phase::Expand, format!("alter {table}: {word}"), vec![sql])
        .lock(&relation.name, LockMode::AccessExclusive, LockHeld::Blink)
        .reason(reason)
        .joins();
    work.emit(draft)?;
    work.world.simulate_alter(&relation.name, &action.kind);
    Ok(())
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
    let sql = format!("ALTER TABLE {} {}", relation.name, action.text);
    let (phase, reason) = match enabled {
        true => (Phase::Expand, "it fires for what older releases write too, from now on"),
        false => (Phase::Contract, "older releases rely on what it does"),
    };
    let subject = Subject::Trigger(relation.name.clone(), name.clone());
    let mut draft = Draft::ddl("alter_trigger", phase, title, vec![sql])
        .lock(&relation.name, LockMode::ShareRowExclusive, LockHeld::Blink)
        .needs(subject)
        .reason(reason);
    if !enabled {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft)?;
    work.world.simulate_alter(&relation.name, &action.kind);
    Ok(())
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
    let sql = format!("ALTER TABLE {} {}", relation.name, action.text);
    let title = format!("attach {} to {}", part_name.plain(), relation.name.plain());
    let draft = Draft::ddl("attach", Phase::Expand, title, vec![sql])
        .lock(&relation.name, LockMode::ShareUpdateExclusive, LockHeld::Blink)
        .lock(&part_name, LockMode::AccessExclusive, LockHeld::Blink)
        .needs(Subject::Relation(part_name))
        .reason("an empty part adds room for rows and changes none");
    work.emit(draft)?;
    work.world.simulate_alter(&relation.name, &action.kind);
    Ok(())
}

/// Nobody uses a new table yet, so the statement runs as written.
fn on_new_table(
    work: &mut Work<'_>,
    alter: &AlterTable,
    relation: &Relation,
) -> Result<(), Refused> {
    for action in &alter.actions {
        match &action.kind {
            AlterKind::SetSchema => return Err(super::rename::object("table's schema")),
            AlterKind::NotUnderstood(what) => return Err(super::not_understood(what)),
            AlterKind::DropColumn { column, if_exists: false, .. }
            | AlterKind::SetNotNull { column }
            | AlterKind::DropNotNull { column }
            | AlterKind::SetDefault { column, .. }
            | AlterKind::RenameColumn { from: column, .. } => {
                let now = table::existing(work, &alter.name)?;
                table::has_column(&now, column)?;
            }
            AlterKind::AddConstraint(constraint) => {
                add_constraint::referenced_must_be_there(work, constraint)?;
            }
            _ => {}
        }
        work.world.simulate_alter(&relation.name, &action.kind);
    }
    let mut draft = Draft::ddl(
        "alter",
        Phase::Expand,
        format!("alter {}, which is new", relation.name.plain()),
        vec![work.statement.text.clone()],
    )
    .lock(&relation.name, LockMode::AccessExclusive, LockHeld::Blink)
    .needs(Subject::Relation(relation.name.clone()))
    .reason("the table is new: nobody waits for it");
    for action in &alter.actions {
        for locked in add_constraint::referenced_by(work, &action.kind) {
            if locked != relation.name {
                draft = draft.lock(&locked, LockMode::ShareRowExclusive, LockHeld::Blink);
            }
        }
    }
    let renamed = alter.actions.iter().find_map(|action| match &action.kind {
        AlterKind::RenameTable { to } => {
            Some(QualifiedName { schema: relation.name.schema.clone(), name: to.clone() })
        }
        _ => None,
    });
    if let Some(to) = &renamed {
        draft = draft.makes(Subject::Relation(to.clone()));
        work.world.simulate_rename_table(&relation.name, to);
    }
    work.emit(draft).map(|_| ())
}
