//! What only adds: types, schemas, extensions, sequences, functions, triggers; and comments and
//! privileges.

use super::table;
use crate::{
    model::{
        catalog::{RelationKind, Type, Volatility},
        identifier::QualifiedName,
        lock::{LockHeld, LockMode},
        step::Phase,
    },
    rule,
    sql::statement::{CreateOther, CreateTrigger, Name},
    sync::TRIGGER_PREFIX,
    world::{Draft, Refused, Subject, Work, simulate},
};

/// Begins a step that runs the statement as it is written.
pub(super) fn as_written(work: &Work<'_>, part: &str, title: String) -> Draft {
    Draft::ddl(part, Phase::Expand, title, vec![work.statement.text.clone()])
}

/// `CREATE TYPE`, `CREATE DOMAIN`.
pub(super) fn create_type(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let name = work.world.resolve_new(name);
    let draft = as_written(work, "create_type", format!("create type {}", name.plain()))
        .reason("a new type disturbs nobody")
        .undo([format!("DROP TYPE IF EXISTS {name}")])
        .makes(Subject::Type(name.clone()));
    work.emit(draft)?;
    work.world.catalog.types.push(Type::unknown(name));
    Ok(())
}

/// `ALTER TYPE … ADD VALUE`.
pub(super) fn add_enum_value(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let draft = as_written(work, "enum_value", format!("add a value to {}", name.name.as_str()))
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
    let mut draft = as_written(work, "create", title.trim_end().to_owned())
        .reason(format!("a new {} disturbs nobody", create.object));
    let mode = match create.object {
        "statistics" => LockMode::ShareUpdateExclusive,
        _ => LockMode::AccessShare,
    };
    for relation in &create.relations {
        let relation = table::existing(work, relation)?.name;
        draft = draft.lock(&relation, mode, LockHeld::Blink).needs(Subject::Relation(relation));
    }
    if let Some(name) = named.filter(|_| create.object == "sequence") {
        if work.world.relation(&name).is_some() && create.if_not_exists {
            return super::nothing_to_do(work, format!("sequence {} is there", name.plain()));
        }
        draft = draft
            .undo([format!("DROP SEQUENCE IF EXISTS {name}")])
            .makes(Subject::Relation(name.clone()));
        work.emit(draft)?;
        work.world.catalog.insert(simulate::relation(&name, RelationKind::Sequence));
        return Ok(());
    }
    work.emit(draft).map(|_| ())
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
pub(super) fn function(
    work: &mut Work<'_>,
    name: &Name,
    or_replace: bool,
    volatility: Volatility,
) -> Result<(), Refused> {
    let function = name.name.clone();
    let known = work.world.catalog.functions.get(function.as_str()).copied();
    let ours = work.world.records.made.contains_key(&Subject::Function(function.clone()));
    if or_replace && known.is_some() && !ours {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_function::RULE,
            format!("a function {} is there already, and releases that serve call it", function.as_str()),
            "give the new one another name, or write `-- changeover: allow=replaces-function because \
             \"…\"` if the new one does for older releases what they expect",
        ))?;
    }
    let draft =
        as_written(work, "create_function", format!("create function {}", function.as_str()))
            .reason("a new function disturbs nobody")
            .makes(Subject::Function(function.clone()));
    work.emit(draft)?;
    let widest = known.map_or(volatility, |known| known.max(volatility));
    work.world.catalog.functions.insert(function.as_str().to_owned(), widest);
    Ok(())
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
    let draft = as_written(work, "create_trigger", title)
        .lock(&qualified, LockMode::ShareRowExclusive, LockHeld::Blink)
        .needs(Subject::Relation(qualified.clone()))
        .makes(Subject::Trigger(qualified.clone(), create.name.clone()))
        .reason("it fires for what older releases write too, from now on")
        .undo([format!("DROP TRIGGER IF EXISTS {} ON {qualified}", create.name)]);
    work.emit(draft)?;
    work.world.simulate_create_trigger(&qualified, create);
    Ok(())
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
        as_written(work, "comment", "comment".to_owned()).reason("a comment changes nothing");
    if let Some(name) = relation {
        let qualified = work.world.resolve(name);
        if work.world.relation(&qualified).is_none() {
            return Err(table::unknown_table(&qualified));
        }
        draft = draft
            .lock(&qualified, LockMode::ShareUpdateExclusive, LockHeld::Blink)
            .needs(Subject::Relation(qualified.clone()));
        for subject in columns_made(work, &qualified) {
            draft = draft.needs(subject);
        }
    }
    work.emit(draft).map(|_| ())
}

/// `GRANT`, `REVOKE`.
pub(super) fn privileges(work: &mut Work<'_>, revokes: bool) -> Result<(), Refused> {
    let draft = if revokes {
        as_written_in(work, Phase::Contract, "revoke privileges")
            .floor(work.floor())
            .reason("older releases may use what is taken away")
    } else {
        as_written_in(work, Phase::Expand, "grant privileges").reason("grants take nothing away")
    };
    work.emit(draft).map(|_| ())
}

fn as_written_in(work: &Work<'_>, phase: Phase, title: &str) -> Draft {
    Draft::ddl("privileges", phase, title, vec![work.statement.text.clone()])
}

/// `ALTER SEQUENCE`.
pub(super) fn alter_sequence(work: &mut Work<'_>, name: &Name) -> Result<(), Refused> {
    let qualified = work.world.resolve(name);
    if work.world.is_new(&qualified)
        || work.world.records.made.contains_key(&Subject::Relation(qualified.clone()))
    {
        let draft = as_written(work, "alter", format!("alter sequence {}", qualified.plain()))
            .needs(Subject::Relation(qualified))
            .reason("the sequence is new");
        return work.emit(draft).map(|_| ());
    }
    Err(super::not_understood("ALTER SEQUENCE of a sequence that releases use"))
}
