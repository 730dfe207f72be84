//! `SET DEFAULT`, `DROP DEFAULT` and `DROP NOT NULL`: what a column accepts gets wider, or only rows
//! that are written later differ.

use super::table;
use crate::{
    model::{
        catalog::{Object, Relation},
        identifier::Identifier,
        lock::{LockHeld, LockMode},
        step::Phase,
    },
    sql::statement::{AlterAction, AlterKind},
    world::{Draft, Refused, Subject, Work},
};

/// Plans one of these actions.
pub(super) fn plan(
    work: &mut Work<'_>,
    relation: &Relation,
    action: &AlterAction,
) -> Result<(), Refused> {
    let (column, change, phase, reason) = match &action.kind {
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
            "loosens: whatever older releases write is still accepted, and the new one may write NULL",
        ),
        AlterKind::DropDefault { column } => drop_default(relation, column),
        _ => return Err(super::not_understood(&action.text)),
    };
    table::has_column(relation, column)?;
    let title = format!("{}.{}", relation.name.plain(), column.as_str());
    let mut draft = Draft::ddl(
        "alter_column",
        phase,
        format!("alter {title}: {}", change.to_lowercase()),
        vec![format!("ALTER TABLE {} ALTER COLUMN {column} {change}", relation.name)],
    )
    .lock(&relation.name, LockMode::AccessExclusive, LockHeld::Blink)
    .needs(Subject::Column(relation.name.clone(), column.clone()))
    .reason(reason)
    .undo(undo(relation, column, &action.kind))
    .joins();
    if phase == Phase::Contract {
        draft = draft.floor(work.unused_floor());
    }
    work.emit(draft)?;
    if !matches!(action.kind, AlterKind::DropNotNull { .. }) {
        let default = Object::Default { relation: relation.name.clone(), name: column.clone() };
        work.world.catalog.forget(&default);
    }
    work.world.simulate_alter(&relation.name, &action.kind);
    Ok(())
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

fn undo(relation: &Relation, column: &Identifier, action: &AlterKind) -> Vec<String> {
    let alter = format!("ALTER TABLE {} ALTER COLUMN {column}", relation.name);
    let before = relation.column(column);
    match action {
        AlterKind::SetDefault { .. } | AlterKind::DropDefault { .. } => {
            match before.and_then(|column| column.default.as_ref()) {
                Some(default) => vec![format!("{alter} SET DEFAULT {default}")],
                None => vec![format!("{alter} DROP DEFAULT")],
            }
        }
        // Rows written meanwhile may hold NULL, so NOT NULL cannot simply be put back.
        _ => Vec::new(),
    }
}
