//! `UPDATE` of a whole table whose values come from the row itself.
//!
//! Becomes a trigger that keeps the columns right for every writer (expand), a backfill and a
//! check (online), and the trigger's removal once no older release writes any more (contract). A constant
//! for a column that the plan adds with a default becomes part of adding it (`refill`).

mod derivation;
mod refill;
mod steps;
mod values;

use super::{Form, Planned, obstacle, table};
use crate::{
    change::Subject,
    derivation::{Derivation, TRIGGER_PREFIX},
    model::{catalog::Relation, identifier::Identifier},
    rule,
    sql::{StatementKind as Kind, directive, statement::Update},
    world::{Refused, Work},
};
use values::Target;

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::Update(update)) = form else { return None };
    Some(plan(work, update))
}

/// Plans an `UPDATE`.
pub(super) fn plan(work: &mut Work<'_>, update: &Update) -> Result<(), Refused> {
    let relation = table::existing(work, &update.table)?;
    if work.world.is_new(&relation.name) {
        return super::inline(work, &relation.name);
    }
    if let Some(beyond) = update.beyond {
        return Err(Refused::new(
            &rule::update_joins::RULE,
            format!("an UPDATE with {beyond} reads more than its own rows"),
            "joins come with a later release of Changeover; for now let the new release write the \
             value into the row, or copy what is needed into a column of this table first",
        ));
    }
    obstacle::kin::alone(work, &relation)?;
    let target = Target { relation: &relation, update };
    let columns: Vec<Identifier> = update.set.iter().map(|(column, _)| column.clone()).collect();
    each_column_once(work, &relation, &columns)?;
    if work.directives.sync.is_none()
        && let Some(planned) = refill::rewrite(work, &target)
    {
        return planned;
    }
    let values = target.values(work)?;
    table::fillable(work, &relation, &columns)?;
    let trigger = target.derivation(work, values)?;
    if work.directives.sync == Some(directive::Sync::Once) {
        steps::once(work, &relation, &trigger)?;
        obstacle::firing::annotate(work, &relation);
        return Ok(());
    }
    sorts_last(&relation, &trigger)?;
    steps::synced(work, &relation, &trigger)?;
    obstacle::firing::annotate(work, &relation);
    Ok(())
}

/// Sync triggers fire in the order of their statements: none may compute what an earlier one has
/// computed or read.
fn each_column_once(
    work: &Work<'_>,
    relation: &Relation,
    columns: &[Identifier],
) -> Result<(), Refused> {
    for column in columns {
        let title = format!("{}.{}", relation.name.plain(), column.as_str());
        let why = match work.world.syncs_touching(&relation.name, column).pop() {
            Some(earlier) if earlier.columns.contains(column) => {
                format!("an UPDATE before this one sets {title} already")
            }
            Some(_) => format!("an UPDATE before this one reads {title}, which this one changes"),
            None if filled_by_default(work, relation, column) => {
                format!("rows are filled with the default of {title} already")
            }
            None => continue,
        };
        return Err(Refused::new(
            &rule::set_twice::RULE,
            why,
            "set each column in one UPDATE, and before others read it",
        ));
    }
    Ok(())
}

/// Whether this plan fills the rows that are there with a default that is not the same for all of them.
fn filled_by_default(work: &Work<'_>, relation: &Relation, column: &Identifier) -> bool {
    let records = &work.world.records;
    let filled = records.made(&Subject::Filled(relation.name.clone(), column.clone()));
    filled.is_some_and(|filler| records.step(&filler.step).is_some())
}

/// The server fires BEFORE triggers in the order of names; ours must see what the others wrote.
fn sorts_last(relation: &Relation, trigger: &Derivation) -> Result<(), Refused> {
    let later = relation.triggers.iter().find(|other| {
        other.before && other.row && !other.ours && other.name.as_str() >= TRIGGER_PREFIX
    });
    match later {
        Some(other) if other.name > trigger.trigger() => Err(Refused::new(
            &rule::trigger_sorts_last::RULE,
            format!(
                "the trigger {} of {} fires after ours and could change what ours has read",
                other.name.as_str(),
                relation.name.plain()
            ),
            "create the same trigger under a name that sorts before `zzzz_changeover`, and drop this one \
             in a later statement; or rename it in a stop with `changeover migrate --at-once`",
        )),
        _ => Ok(()),
    }
}
