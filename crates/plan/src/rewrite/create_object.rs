//! What only adds: types, schemas, extensions, sequences, functions, triggers; and comments and
//! privileges.

use super::table;
use crate::{
    change::Subject,
    derivation::TRIGGER_PREFIX,
    model::{
        catalog::{RelationKind, Volatility},
        identifier::QualifiedName,
        step::Phase,
    },
    rule,
    sql::statement::{CreateOther, CreateTrigger, Name},
    world::{Draft, Refused, Work},
};

/// Begins a step of the one change that the statement is.
fn as_written(work: &Work<'_>, part: &str, title: String) -> Result<Draft, Refused> {
    Ok(Draft::ddl(part, Phase::Expand, title, super::comes_to(work)?))
}

/// `CREATE TYPE`, `CREATE DOMAIN`.
pub(super) fn create_type(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let name = work.world.resolve_new(name);
    let draft = as_written(work, "create_type", format!("create type {}", name.plain()))?
        .reason("a new type disturbs nobody");
    work.emit(draft).map(|_| ())
}

/// `ALTER TYPE … ADD VALUE`.
pub(super) fn add_enum_value(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let draft = as_written(work, "enum_value", format!("add a value to {}", name.name.as_str()))?
        .reason(
            "older releases go on with the values they know; the new one must not write the new \
             value before they can read it",
        );
    work.emit(draft).map(|_| ())
}

/// `CREATE SCHEMA`, `EXTENSION`, `SEQUENCE`, `STATISTICS`, `COLLATION`.
pub(super) fn other(work: &mut Work<'_>, create: &CreateOther) -> Result<(), Refused> {
    let named = create.name.as_ref().map(|name| work.world.resolve_new(name));
    let label = named.as_ref().map(QualifiedName::plain).unwrap_or_default();
    let title = format!("create {} {label}", create.object);
    let draft = as_written(work, "create", title.trim_end().to_owned())?
        .reason(format!("a new {} disturbs nobody", create.object));
    for relation in &create.relations {
        table::existing(work, relation)?;
    }
    if let Some(name) = named.filter(|_| create.object == "sequence")
        && work.world.relation(&name).is_some()
        && create.if_not_exists
    {
        return super::nothing_to_do(work, format!("sequence {} is there", name.plain()));
    }
    work.emit(draft).map(|_| ())
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
pub(super) fn function(
    work: &mut Work<'_>,
    name: &Name,
    or_replace: bool,
    _: Volatility,
) -> Result<(), Refused> {
    let function = name.name.clone();
    let known = work.world.catalog.functions.get(function.as_str()).copied();
    let ours = work.world.records.made(&Subject::Function(function.clone())).is_some();
    if or_replace && known.is_some() && !ours {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_function::RULE,
            format!("a function {} is there already, and releases that serve call it", function.as_str()),
            "give the new one another name, or write `-- changeover: allow=replaces-function because \
             \"…\"` if the new one does for older releases what they expect",
        ))?;
    }
    let draft =
        as_written(work, "create_function", format!("create function {}", function.as_str()))?
            .reason("a new function disturbs nobody");
    work.emit(draft).map(|_| ())
}

/// `CREATE TRIGGER`.
pub(super) fn trigger(work: &mut Work<'_>, create: &CreateTrigger) -> Result<(), Refused> {
    let qualified = work.world.resolve(&create.table);
    let relation =
        work.world.relation(&qualified).cloned().ok_or_else(|| table::unknown_table(&qualified))?;
    let on_view = relation.kind == RelationKind::View && create.row && !create.instead;
    if on_view || relation.kind == RelationKind::MaterializedView {
        return Err(Refused::new(
            &rule::not_a_table::RULE,
            format!("{} holds no rows of its own that a trigger could see", qualified.plain()),
            "put the trigger on the table behind it; a view can have INSTEAD OF triggers",
        ));
    }
    if create.before && create.row && create.name.as_str() >= TRIGGER_PREFIX {
        return Err(Refused::new(
            &rule::trigger_sorts_last::RULE,
            format!(
                "{} would fire after sync triggers and change what they read",
                create.name.as_str()
            ),
            "choose a name that sorts before `zzzz_changeover`",
        ));
    }
    let exists = relation.triggers.iter().any(|found| found.name == create.name);
    if exists && create.or_replace {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_trigger::RULE,
            format!("releases that serve rely on the trigger {}", create.name.as_str()),
            "give the new one another name, or write `-- changeover: allow=replaces-trigger because \
             \"…\"`",
        ))?;
    }
    let title = format!("create trigger {} on {}", create.name.as_str(), qualified.plain());
    let draft = as_written(work, "create_trigger", title)?
        .reason("it fires for what older releases write too, from now on");
    work.emit(draft).map(|_| ())
}

/// Columns of a relation that this plan adds: a view may read them.
pub(super) fn columns_made(work: &Work<'_>, relation: &QualifiedName) -> Vec<Subject> {
    work.world
        .new_columns
        .keys()
        .filter(|(table, _)| table == relation)
        .map(|(table, column)| Subject::Column(table.clone(), column.clone()))
        .collect()
}

/// `COMMENT ON`.
pub(super) fn comment(work: &mut Work<'_>, relation: Option<&Name>) -> Result<(), Refused> {
    let mut draft =
        as_written(work, "comment", "comment".to_owned())?.reason("a comment changes nothing");
    if let Some(name) = relation {
        let qualified = work.world.resolve(name);
        if work.world.relation(&qualified).is_none() {
            return Err(table::unknown_table(&qualified));
        }
        for subject in columns_made(work, &qualified) {
            draft = draft.needs(subject);
        }
    }
    work.emit(draft).map(|_| ())
}

/// `GRANT`, `REVOKE`.
pub(super) fn privileges(work: &mut Work<'_>, revokes: bool) -> Result<(), Refused> {
    let changes = super::comes_to(work)?;
    let draft = if revokes {
        Draft::ddl("privileges", Phase::Contract, "revoke privileges", changes)
            .floor(work.floor())
            .reason("older releases may use what is taken away")
    } else {
        Draft::ddl("privileges", Phase::Expand, "grant privileges", changes)
            .reason("grants take nothing away")
    };
    work.emit(draft).map(|_| ())
}

/// `ALTER SEQUENCE`.
pub(super) fn alter_sequence(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let qualified = work.world.resolve(name);
    if work.world.is_new(&qualified)
        || work.world.records.made(&Subject::Relation(qualified.clone())).is_some()
    {
        let draft = as_written(work, "alter", format!("alter sequence {}", qualified.plain()))?
            .reason("the sequence is new");
        return work.emit(draft).map(|_| ());
    }
    Err(super::not_understood("ALTER SEQUENCE of a sequence that releases use"))
}
