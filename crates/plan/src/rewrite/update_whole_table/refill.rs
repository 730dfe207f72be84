//! A constant for every row, in a column that the same plan adds with a default.
//!
//! The rows that are there have the default already, so nothing is NULL that a backfill could find, and rows that
//! come later must get the default and not the constant. So the column is added with the constant, which the
//! server keeps in its catalog for the rows that are there, and gets its default in the same transaction. No row
//! is touched.

use super::{super::table, values::Target};
use crate::{
    change::{AddColumn, AlterDefault, Change},
    model::{
        catalog::Relation,
        identifier::{Identifier, QualifiedName},
        step::{Phase, Step, StepKind},
    },
    rule,
    sql::{Expression, expression::Shape, statement::SetValue},
    world::{Draft, Refused, Work},
};

/// Plans it; `None` where the statement is another one.
pub(super) fn rewrite(work: &mut Work<'_>, target: &Target<'_>) -> Option<Result<(), Refused>> {
    let [(column, SetValue::Expression(value))] = target.update.set.as_slice() else { return None };
    let is_whole = target.update.filter.is_none() && value.is_constant();
    let starts = target.starts_with(work, column)?;
    let nothing_to_set = starts.is_none() && value.shape == Shape::Null;
    if !is_whole || !(starts.is_some() || nothing_to_set) {
        return None;
    }
    let starts_with_value = starts.is_some();
    let table = &target.relation.name;
    let at = work.world.records.steps.iter().rposition(|step| adds(step, table, column))?;
    Some(plan(work, target.relation, (column, value), at, starts_with_value))
}

fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    (column, value): (&Identifier, &Expression),
    at: usize,
    starts_with_value: bool,
) -> Result<(), Refused> {
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    table::has_column(relation, column)?;
    table::fillable(work, relation, std::slice::from_ref(column))?;
    stays_possible(work, relation, column, value, at)?;
    if starts_with_value {
        let text = (value.shape != Shape::Null).then(|| value.text.clone());
        let table = &relation.name;
        work.world.records.change_step(at, |step| begin_with(step, table, column, text.clone()));
        work.world.new_columns.insert((table.clone(), column.clone()), text);
    }
    let title = format!("{title} = {} in all rows that are there", value.text);
    let draft = Draft::ddl("nothing", Phase::Expand, title, Vec::new())
        .reason("they get it with the column itself, which is a catalog change: no row is touched");
    work.emit(draft).map(|_| ())
}

/// Refuses what adding the column cannot do.
fn stays_possible(
    work: &Work<'_>,
    relation: &Relation,
    column: &Identifier,
    value: &Expression,
    at: usize,
) -> Result<(), Refused> {
    let later = &work.world.records.steps[at + 1..];
    let writes = |change: &Change| match change {
        Change::WriteRows(write) => write.tables.contains(&relation.name),
        _ => false,
    };
    let fires = relation.triggers.iter().any(|trigger| !trigger.ours);
    let not_null = relation.column(column).is_some_and(|found| found.not_null);
    let why = if later.iter().any(|step| step.kind.changes().iter().any(writes)) {
        "a statement between them writes rows"
    } else if fires {
        "triggers of the table would have to fire for each row"
    } else if value.shape == Shape::Null && not_null {
        "it rejects NULL"
    } else {
        return Ok(());
    };
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    Err(Refused::new(
        &rule::set_twice::RULE,
        format!("{title} has its default in every row already, and {why}"),
        "add the column without a default, fill it, and give it its default in a statement after that",
    ))
}

fn adds(step: &Step, table: &QualifiedName, column: &Identifier) -> bool {
    step.kind.changes().iter().any(|change| added(change, table, column).is_some())
}

fn added<'c>(
    change: &'c Change,
    table: &QualifiedName,
    column: &Identifier,
) -> Option<&'c AddColumn> {
    match change {
        Change::AddColumn(add) if &add.table == table && &add.column.name == column => Some(add),
        _ => None,
    }
}

/// Adds the column with another value; its default follows, unless it does already.
fn begin_with(step: &mut Step, table: &QualifiedName, column: &Identifier, value: Option<String>) {
    let StepKind::Ddl(ddl) = &mut step.kind else { return };
    let changes = &mut ddl.changes;
    let Some(at) = changes.iter().position(|change| added(change, table, column).is_some()) else {
        return;
    };
    let sets_default = |change: &Change| match change {
        Change::AlterDefault(alter) => &alter.table == table && &alter.column == column,
        _ => false,
    };
    let has_default = changes.get(at + 1).is_some_and(sets_default);
    if let Change::AddColumn(add) = &mut changes[at] {
        let default = std::mem::replace(&mut add.column.default, value);
        if !has_default {
            let alter = AlterDefault { table: table.clone(), column: column.clone(), default };
            changes.insert(at + 1, alter.into());
        }
    }
}
