//! Renames: refused for what older releases know by its old name, with what to write instead.

use super::{Form, Planned};
use crate::{
    change::RenameTrigger,
    model::{catalog::Relation, identifier::Identifier, step::Phase},
    rule,
    sql::{
        StatementKind as Kind,
        statement::{AlterKind, Name},
    },
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    match form {
        Form::Statement(Kind::Rename { object, relation, names }) => {
            Some(plan(work, object, relation.as_ref(), names.as_ref()))
        }
        Form::Action(relation, action) => Some(Err(match &action.kind {
            AlterKind::RenameColumn { from, to } => column(relation, from, to),
            AlterKind::RenameTable { .. } => object("table"),
            AlterKind::RenameConstraint { .. } => object("constraint"),
            AlterKind::SetSchema => object("table's schema"),
            _ => return None,
        })),
        Form::Statement(_) => None,
    }
}

/// Plans `ALTER … RENAME`: fine for an index of a table that this upgrade makes.
fn plan(
    work: &mut Work<'_>,
    what: &str,
    relation: Option<&Name>,
    names: Option<&(Identifier, Identifier)>,
) -> Result<(), Refused> {
    if let (Some(table), Some((from, to)), "trigger") = (relation, names, what) {
        return trigger(work, table, from, to);
    }
    let (Some(relation), Some(_), "index") = (relation, names, what) else {
        return Err(object(what));
    };
    let index = work.world.resolve_index(relation);
    let table = work.world.catalog.table_of_index(&index).map(|table| table.name.clone());
    match table.filter(|table| work.world.is_new(table)) {
        Some(table) => super::inline(work, &table),
        None => Err(object(what)),
    }
}

/// `ALTER TRIGGER … RENAME`: no release names a trigger when it writes; only the order in which a
/// table's triggers fire may change.
fn trigger(
    work: &mut Work<'_>,
    table: &Name,
    from: &Identifier,
    to: &Identifier,
) -> Result<(), Refused> {
    let relation = super::table::existing(work, table)?;
    let known = relation.triggers.iter().any(|found| &found.name == from && !found.ours);
    let sorts_last = to.as_str() >= crate::derivation::TRIGGER_PREFIX;
    if !known || sorts_last {
        return Err(object("trigger"));
    }
    let title = format!("rename trigger {} of {}", from.as_str(), relation.name.plain());
    let change = RenameTrigger { table: relation.name.clone(), from: from.clone(), to: to.clone() };
    let draft = Draft::ddl("rename_trigger", Phase::Expand, title, vec![change.into()]).reason(
        "triggers fire in the order of their names; nothing else knows a trigger by its name",
    );
    work.emit(draft).map(|_| ())
}

/// `RENAME COLUMN`.
fn column(relation: &Relation, from: &Identifier, to: &Identifier) -> Refused {
    let table = relation.name.plain();
    let type_sql =
        relation.column(from).map_or_else(|| "…".to_owned(), |column| column.type_sql.clone());
    let (from, to) = (from.as_str(), to.as_str());
    Refused::new(
        &rule::rename::RULE,
        format!("releases that serve know {table}.{from} by that name"),
        format!(
            "write: ALTER TABLE {table} ADD COLUMN {to} {type_sql}; UPDATE {table} SET {to} = {from}; \
             and in a later migration, once no release uses {from}: ALTER TABLE {table} DROP COLUMN \
             {from}"
        ),
    )
}

/// A rename of anything else.
pub(super) fn object(what: &str) -> Refused {
    let remedy = match what {
        "index" | "constraint" => {
            "leave the name, or make a new one under the new name and drop the old one in a later \
             migration"
        }
        "table" => {
            "leave the name; or create a view of the new name over the table, which the new release \
             reads and writes"
        }
        _ => "make a new one under the new name, and drop the old one in a later migration",
    };
    Refused::new(
        &rule::rename::RULE,
        format!("releases that serve may know the {what} by its name"),
        remedy,
    )
}
