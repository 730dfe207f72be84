//! What fires on each row that a backfill writes: triggers, rules, foreign keys, publications.
//!
//! Nobody asked for any of it when writing `UPDATE … SET new = …`: it is refused by name, or left to
//! the author where it may be meant. What may stop single rows only is said in the step's reason.

use crate::{
    model::{
        catalog::{Constraint, ConstraintKind, Relation, RelationKind, RuleEvent, Trigger},
        identifier::Identifier,
        step::StepKind,
    },
    rule,
    world::{Refused, Work},
};

/// What would fire when these columns of the table are filled, and must not by itself.
pub(in crate::rewrite) fn on_fill(
    work: &Work<'_>,
    relation: &Relation,
    columns: &[Identifier],
) -> Result<(), Refused> {
    rules(work, relation)?;
    referenced(work, relation, columns)?;
    published(work, relation)?;
    triggers(work, relation, columns)
}

/// The table itself and, for a partitioned one, all parts of it.
fn written<'a>(work: &'a Work<'_>, relation: &'a Relation) -> Vec<&'a Relation> {
    let mut written = vec![relation];
    if relation.kind == RelationKind::PartitionedTable {
        written.extend(work.world.catalog.parts(&relation.name));
    }
    written
}

/// A rule on UPDATE adds to every batch, or replaces it.
fn rules(work: &Work<'_>, relation: &Relation) -> Result<(), Refused> {
    let firing = written(work, relation).into_iter().find_map(|table| {
        let on_update =
            table.rules.iter().find(|rule| rule.enabled && rule.event == RuleEvent::Update);
        on_update.map(|rule| (table, rule))
    });
    let Some((table, found)) = firing else { return Ok(()) };
    let does = if found.instead { "replaces" } else { "adds to" };
    Err(Refused::new(
        &rule::rules_fire::RULE,
        format!(
            "the rule {} of {} {does} every UPDATE, also those that fill rows",
            found.name.as_str(),
            table.name.plain()
        ),
        format!(
            "replace the rule by a trigger in an earlier release, or disable it in a stop: ALTER TABLE \
             {} DISABLE RULE {}",
            table.name.plain(),
            found.name.as_str()
        ),
    ))
}

/// Rows elsewhere that point to what is filled would follow it, or forbid it.
fn referenced(work: &Work<'_>, relation: &Relation, columns: &[Identifier]) -> Result<(), Refused> {
    let points_here = |constraint: &&Constraint| match &constraint.kind {
        ConstraintKind::ForeignKey { references, .. } => {
            references == &relation.name
                && constraint.referenced.iter().any(|column| columns.contains(column))
        }
        _ => false,
    };
    let found = work.world.catalog.every_relation().find_map(|other| {
        other.constraints.iter().find(points_here).map(|constraint| (other, constraint))
    });
    let Some((other, constraint)) = found else { return Ok(()) };
    let does = if constraint.acts_on_update { "changes its rows along" } else { "forbids that" };
    Err(Refused::new(
        &rule::fills_referenced::RULE,
        format!(
            "the foreign key {} of {} points to a column that is filled, and {does}",
            constraint.name.as_str(),
            other.name.plain()
        ),
        "fill a new column, and let a new foreign key point to that",
    ))
}

/// An UPDATE of a published table without replica identity fails.
fn published(work: &Work<'_>, relation: &Relation) -> Result<(), Refused> {
    let catalog = &work.world.catalog;
    for table in written(work, relation) {
        let holds_rows = table.kind == RelationKind::Table;
        let sent = catalog.publications.iter().find(|p| p.updates && p.has(catalog, table));
        if let Some(publication) = sent.filter(|_| holds_rows && !table.has_replica_identity()) {
            let name = table.name.plain();
            return Err(Refused::new(
                &rule::replica_identity::RULE,
                format!(
                    "{name} is in the publication {} and has no replica identity: the server rejects \
                     every UPDATE of it",
                    publication.name.as_str()
                ),
                format!(
                    "before that, in this or an earlier migration: ALTER TABLE {name} REPLICA IDENTITY \
                     FULL; or add a primary key"
                ),
            ));
        }
    }
    Ok(())
}

/// The users' own triggers would fire for every row that is filled: someone has to want that.
fn triggers(work: &Work<'_>, relation: &Relation, columns: &[Identifier]) -> Result<(), Refused> {
    // Asked for before it is known whether it matters here: another database may have the triggers.
    let decided = work.user_triggers_fire().is_some();
    let fires = |trigger: &&Trigger| {
        trigger.enabled
            && trigger.on_update
            && !trigger.ours
            && (trigger.update_columns.is_empty()
                || trigger.update_columns.iter().any(|column| columns.contains(column)))
    };
    let mut firing: Vec<String> = Vec::new();
    for table in written(work, relation) {
        for trigger in table.triggers.iter().filter(fires) {
            let clone_of_parents = table.name != relation.name
                && relation.triggers.iter().any(|own| own.name == trigger.name);
            if clone_of_parents {
                continue;
            }
            firing.push(match table.name == relation.name {
                true => trigger.name.as_str().to_owned(),
                false => format!("{} of {}", trigger.name.as_str(), table.name.plain()),
            });
        }
    }
    if firing.is_empty() || decided {
        return Ok(());
    }
    Err(Refused::new(
        &rule::user_triggers::RULE,
        format!(
            "filling {} would fire its own triggers for every row: {}",
            relation.name.plain(),
            firing.join(", ")
        ),
        "decide: write `-- changeover: user-triggers=fire because \"…\"` before the statement if \
         they may fire, else fill the column in a stop with `changeover migrate \
         --at-once`, the triggers disabled",
    ))
}

/// Says in the reasons of this statement's backfills what single rows may run into.
pub(in crate::rewrite) fn annotate(work: &mut Work<'_>, relation: &Relation) {
    let catalog = &work.world.catalog;
    let unchecked: Vec<&str> = relation
        .constraints
        .iter()
        .filter(|found| !found.validated && found.kind == ConstraintKind::Check)
        .map(|found| found.name.as_str())
        .collect();
    let sent: Vec<&str> = catalog
        .publications
        .iter()
        .filter(|publication| publication.updates && publication.has(catalog, relation))
        .map(|publication| publication.name.as_str())
        .collect();
    let mut notes = String::new();
    if !unchecked.is_empty() {
        notes.push_str("; old rows may break the check that is NOT VALID: ");
        notes.push_str(&unchecked.join(", "));
    }
    if !sent.is_empty() {
        notes.push_str("; every filled row goes to the subscribers of ");
        notes.push_str(&sent.join(", "));
    }
    let first = work.first_step.min(work.world.records.steps.len());
    for step in &mut work.world.records.steps[first..] {
        if matches!(step.kind, StepKind::Backfill(_)) {
            step.reason.push_str(&notes);
        }
    }
}
