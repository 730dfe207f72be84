//! `DROP COLUMN`: contract, once no older release reads or writes it.
//!
//! A sync trigger that computes or reads the column goes in the same transaction. A column that
//! inserts must fill is loosened first: the new release does not write it any more.

use super::{Form, Planned, obstacle::dependant, table};
use crate::{
    change::{AlterNotNull, DropColumn, Subject},
    model::{
        catalog::{Column, Relation},
        identifier::Identifier,
        step::{Phase, StepKind, SyncDrop},
    },
    rule, sql,
    sql::statement::AlterKind,
    world::{Draft, Refused, Sync, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    let AlterKind::DropColumn { column, if_exists, cascade } = &action.kind else { return None };
    Some(plan(work, relation, column, *if_exists, *cascade))
}

/// Plans `DROP COLUMN`.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Identifier,
    if_exists: bool,
    cascade: bool,
) -> Result<(), Refused> {
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    let Some(found) = relation.column(column) else {
        if if_exists {
            return super::nothing_to_do(work, format!("there is no column {title}"));
        }
        return table::has_column(relation, column);
    };
    if cascade {
        return Err(super::cascade());
    }
    if let Some(view) = dependant::view_of_column(work, relation, column) {
        return Err(Refused::new(
            &rule::view_depends::RULE,
            format!("the view {} reads {title}", view.plain()),
            format!("write before it: DROP VIEW {}", view.plain()),
        ));
    }
    dependants(relation, column, &title)?;
    dependant::none(work, &dependant::column_of(relation, column))?;
    let syncs = work.world.syncs_touching(&relation.name, column);
    source_is_still_written(work, &syncs, column, &title)?;
    loosen(work, relation, found, &title)?;
    drop(work, relation, column, &title, &syncs)?;
    let gone: Vec<Identifier> = syncs.into_iter().map(|sync| sync.trigger).collect();
    work.world.records.forget_syncs(&gone);
    Ok(())
}

/// What the server would not let go, or what would go silently with the column.
fn dependants(relation: &Relation, column: &Identifier, title: &str) -> Result<(), Refused> {
    if relation.partition_key.contains(column) {
        return Err(Refused::new(
            &rule::partition_key::RULE,
            format!("{title} is part of the partition key"),
            "move the rows to a new table instead",
        ));
    }
    if relation.indexes.iter().any(|index| index.primary && index.columns.contains(column)) {
        return Err(Refused::new(
            &rule::drop_key_column::RULE,
            format!("{title} is part of the primary key"),
            "replace the primary key in an earlier release",
        ));
    }
    let generated = relation.columns.iter().find(|other| {
        let expression = other.generated.as_deref().and_then(sql::parse_expression);
        expression.is_some_and(|expression| expression.columns().contains(column))
    });
    if let Some(other) = generated {
        return Err(Refused::new(
            &rule::generated_depends::RULE,
            format!("{} is generated from {title}", other.name.as_str()),
            "drop the generated column first",
        ));
    }
    match relation.triggers.iter().find(|trigger| trigger.update_columns.contains(column)) {
        Some(trigger) => Err(Refused::new(
            &rule::trigger_depends::RULE,
            format!("the trigger {} fires on updates of {title}", trigger.name.as_str()),
            "drop the trigger first",
        )),
        None => Ok(()),
    }
}

/// A trigger of this upgrade computes another column from this one for writers of every release:
/// what a release writes into the other one is lost unless it writes this one too.
fn source_is_still_written(
    work: &Work<'_>,
    syncs: &[Sync],
    column: &Identifier,
    title: &str,
) -> Result<(), Refused> {
    let Some(sync) = syncs.iter().find(|sync| !sync.columns.contains(column)) else {
        return Ok(());
    };
    let computed: Vec<&str> = sync.columns.iter().map(Identifier::as_str).collect();
    work.refuse_unless_allowed(Refused::new(
        &rule::drops_source::RULE,
        format!(
            "until older releases are gone, {} follows {title}: a new release that leaves {} out \
             would lose what it writes",
            computed.join(", "),
            column.as_str()
        ),
        "drop the column in a later migration, and stop at the release before it; or write \
         `-- changeover: allow=drops-source because \"…\"` if the new release goes on writing it",
    ))
}

/// Indexes and constraints that go with the column, for the reason.
fn goes_along(relation: &Relation, column: &Identifier) -> String {
    let indexes = relation
        .indexes
        .iter()
        .filter(|index| index.columns.contains(column) && index.constraint.is_none())
        .map(|index| index.name.as_str());
    let constraints = relation
        .constraints
        .iter()
        .filter(|constraint| constraint.columns.contains(column))
        .map(|constraint| constraint.name.as_str());
    let all: Vec<&str> = indexes.chain(constraints).collect();
    if all.is_empty() { String::new() } else { format!("; with it go {}", all.join(", ")) }
}

/// The new release leaves the column out, which a NOT NULL without default would reject.
fn loosen(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Column,
    title: &str,
) -> Result<(), Refused> {
    if !column.not_null || column.default.is_some() || column.identity || column.generated.is_some()
    {
        return Ok(());
    }
    let change =
        AlterNotNull { table: relation.name.clone(), column: column.name.clone(), not_null: false };
    let title = format!("let {title} be left out");
    let draft = Draft::ddl("loosen", Phase::Expand, title, vec![change.into()])
        .reason("the new release does not write the column any more, which NOT NULL would reject");
    work.emit(draft).map(|_| ())
}

fn drop(
    work: &mut Work<'_>,
    relation: &Relation,
    column: &Identifier,
    title: &str,
    syncs: &[Sync],
) -> Result<(), Refused> {
    let table = &relation.name;
    let change = DropColumn { table: table.clone(), column: column.clone(), if_exists: false };
    let floor = work.unused_floor();
    let needed = "older releases read and write the column";
    let reason = match (work.directives.unused_since, syncs) {
        (Some(since), []) => format!("{needed}; releases from {since:04} on do not"),
        (None, []) => needed.to_owned(),
        (_, _) => format!("{needed}, and the trigger that reads or computes it goes with it"),
    };
    let reason = format!("{reason}{}", goes_along(relation, column));
    let statements: Vec<String> =
        syncs.iter().flat_map(|sync| sync.drop_statements.clone()).collect();
    let kind_and_part = syncs.split_first().map(|(sync, others)| {
        StepKind::SyncDrop(SyncDrop {
            table: table.clone(),
            trigger: sync.trigger.clone(),
            other_triggers: others.iter().map(|sync| sync.trigger.clone()).collect(),
            statements,
            changes: vec![change.clone().into()],
        })
    });
    let draft_title = format!("drop column {title}");
    let mut draft = match kind_and_part {
        Some(kind) => Draft::new("drop_column", Phase::Contract, draft_title, kind),
        None => Draft::ddl("drop_column", Phase::Contract, draft_title, vec![change.into()]),
    };
    // A trigger of this plan must not go before its own floor, whatever the column's is.
    let trigger_floor = syncs.iter().filter_map(|sync| floor_of(work, sync)).max();
    draft = draft
        .floor(trigger_floor.map_or(floor, |other| other.max(floor)))
        .needs(Subject::Filled(table.clone(), column.clone()))
        .reason(reason);
    for sync in syncs {
        for computed in &sync.columns {
            draft = draft.needs(Subject::Filled(table.clone(), computed.clone()));
        }
    }
    let earlier: Vec<_> = work
        .world
        .pending_sync_drops
        .iter()
        .filter(|(on, _)| on == table)
        .map(|(_, step)| step.clone())
        .collect();
    for step in &earlier {
        draft = draft.after(step);
    }
    // The trigger goes with the column, so its own step is not needed.
    let replaced: Vec<_> = syncs.iter().map(|sync| sync.drop_step.clone()).collect();
    work.forget(&replaced);
    work.emit(draft).map(|_| ())
}

fn floor_of(work: &Work<'_>, sync: &Sync) -> Option<u64> {
    work.world.records.step(&sync.drop_step).and_then(|step| step.floor)
}
