//! `SET DEFAULT`, `DROP DEFAULT` and `DROP NOT NULL`: what a column accepts gets wider, or only rows
//! that are written later differ.

use super::{Form, Planned, table};
use crate::{
    change::{AlterDefault, AlterNotNull, Subject},
    model::{catalog::Relation, identifier::Identifier, step::Phase},
    sql::statement::{AlterAction, AlterKind},
    world::{Draft, Refused, Work, taken_back},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Action(relation, action) = form else { return None };
    matches!(
        action.kind,
        AlterKind::SetDefault { .. }
            | AlterKind::DropDefault { .. }
            | AlterKind::DropNotNull { .. }
    )
    .then(|| plan(work, relation, action))
}

/// Plans one of these actions.
fn plan(work: &mut Work<'_>, relation: &Relation, action: &AlterAction) -> Result<(), Refused> {
    let (column, shown, phase, reason) = match &action.kind {
        AlterKind::SetDefault { column, default } => (
            column,
            format!("SET DEFAULT {}", default.text),
            Phase::Expand,
            "rows that are there stay; releases that name the column go on as before",
        ),
        AlterKind::DropNotNull { column } => (
            column,
            "DROP NOT NULL".to_owned(),
            Phase::Expand,
            "loosens: what older releases write is still accepted, and the new one may write NULL",
        ),
        AlterKind::DropDefault { column } => drop_default(relation, column),
        _ => return Err(super::not_understood(&action.text)),
    };
    table::has_column(relation, column)?;
    takes_nothing_back(work, relation, column, &action.kind)?;
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    let (table, name) = (relation.name.clone(), column.clone());
    let change = match &action.kind {
        AlterKind::DropNotNull { .. } => {
            AlterNotNull { table, column: name, not_null: false }.into()
        }
        AlterKind::SetDefault { default, .. } => {
            AlterDefault { table, column: name, default: Some(default.text.clone()) }.into()
        }
        _ => AlterDefault { table, column: name, default: None }.into(),
    };
    let title = format!("alter {title}: {}", shown.to_lowercase());
    let mut draft = Draft::ddl("alter_column", phase, title, vec![change]).reason(reason).joins();
    if phase == Phase::Contract {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft).map(|_| ())
}

/// What the statement undoes must not come after it.
fn takes_nothing_back(
    work: &Work<'_>,
    relation: &Relation,
    column: &Identifier,
    kind: &AlterKind,
) -> Result<(), Refused> {
    let (table, name) = (relation.name.clone(), column.clone());
    let undone = match kind {
        AlterKind::DropNotNull { .. } => Subject::NotNull(table, name),
        AlterKind::SetDefault { .. } => Subject::NoDefault(table, name),
        _ => return Ok(()),
    };
    match work.world.records.made(&undone) {
        Some(maker) => taken_back(&undone, maker),
        None => Ok(()),
    }
}

/// Older releases that leave the column out rely on its default.
fn drop_default<'a>(
    relation: &Relation,
    column: &'a Identifier,
) -> (&'a Identifier, String, Phase, &'static str) {
    let has_default = relation.column(column).is_some_and(|found| found.default.is_some());
    if has_default {
        (
            column,
            "DROP DEFAULT".to_owned(),
            Phase::Contract,
            "older releases that leave the column out rely on its default",
        )
    } else {
        (column, "DROP DEFAULT".to_owned(), Phase::Expand, "there is no default to lose")
    }
}
