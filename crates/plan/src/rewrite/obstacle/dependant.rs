//! What depends on an object that is dropped or changed: the server would refuse it, late and in the
//! middle of a contract. Asked by column, from the catalog's dependencies.

use crate::{
    model::{
        catalog::{Catalog, DependencyKind, Object, Relation, RelationKind},
        identifier::{Identifier, QualifiedName},
    },
    rule,
    world::{Refused, Work},
};

/// How many dependants a refusal names; the rest is counted.
const NAMED_MAX: usize = 8;

/// Refuses a drop that the server would refuse.
pub(in crate::rewrite) fn none(work: &Work<'_>, object: &Object) -> Result<(), Refused> {
    let barring = work.world.catalog.bars_drop(object);
    if barring.is_empty() {
        return Ok(());
    }
    let title = match object {
        Object::Function { name, .. } => name.plain(),
        Object::Constraint { relation, name } => {
            format!("{} of {}", name.as_str(), relation.plain())
        }
        Object::Type { name } => name.plain(),
        other => other.plain(),
    };
    Err(Refused::new(
        &rule::in_use::RULE,
        format!("{title} cannot be dropped while these depend on it: {}", listed(&barring)),
        remedies(&work.world.catalog, &barring),
    ))
}

/// The functions of a name that something depends on.
pub(in crate::rewrite) fn overloads(catalog: &Catalog, function: &QualifiedName) -> Vec<Object> {
    let named = |object: &&Object| match object {
        Object::Function { name, .. } => name == function,
        _ => false,
    };
    let mut found: Vec<Object> = catalog
        .dependencies
        .iter()
        .flat_map(|dependency| [&dependency.on, &dependency.by])
        .filter(named)
        .cloned()
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Views that read the column. A view that this upgrade makes is not known by column: it counts for all.
pub(in crate::rewrite) fn view_of_column(
    work: &Work<'_>,
    relation: &Relation,
    column: &Identifier,
) -> Option<QualifiedName> {
    let catalog = &work.world.catalog;
    let object = column_of(relation, column);
    let reads = |view: &&QualifiedName| {
        let view = Object::Relation { name: (*view).clone() };
        let known = catalog.dependencies.iter().any(|found| found.by == view);
        !known || catalog.dependencies.iter().any(|found| found.by == view && found.on == object)
    };
    relation.views.iter().filter(|view| catalog.relation(view).is_some()).find(reads).cloned()
}

/// What forbids another type of the column: what keeps its old type in a stored expression.
pub(in crate::rewrite) fn no_stored_expression(
    work: &Work<'_>,
    relation: &Relation,
    column: &Identifier,
) -> Result<(), Refused> {
    let catalog = &work.world.catalog;
    let on = column_of(relation, column);
    let keeps_type = |object: &Object| match object {
        Object::Policy { .. }
        | Object::Rule { .. }
        | Object::Trigger { .. }
        | Object::Function { .. }
        | Object::Publication { .. }
        | Object::Default { .. } => true,
        Object::Relation { name } => catalog.relation(name).is_some_and(|found| {
            matches!(found.kind, RelationKind::View | RelationKind::MaterializedView)
        }),
        _ => false,
    };
    let keeping: Vec<Object> = catalog
        .dependencies
        .iter()
        .filter(|found| {
            found.on == on && found.kind == DependencyKind::Bars && keeps_type(&found.by)
        })
        .map(|found| found.by.clone())
        .collect();
    if keeping.is_empty() {
        return Ok(());
    }
    Err(Refused::new(
        &rule::in_use::RULE,
        format!("{} cannot get another type while these read it: {}", on.plain(), listed(&keeping)),
        remedies(catalog, &keeping),
    ))
}

/// A column as something that others depend on.
pub(in crate::rewrite) fn column_of(relation: &Relation, column: &Identifier) -> Object {
    Object::Column { relation: relation.name.clone(), name: column.clone() }
}

fn listed(objects: &[Object]) -> String {
    let named: Vec<String> = objects.iter().take(NAMED_MAX).map(Object::plain).collect();
    match objects.len().saturating_sub(NAMED_MAX) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What leads on, for each kind of dependant once.
fn remedies(catalog: &Catalog, objects: &[Object]) -> String {
    let mut ways: Vec<String> = Vec::new();
    for object in objects {
        let way = remedy(catalog, object);
        if !ways.contains(&way) && ways.len() < NAMED_MAX {
            ways.push(way);
        }
    }
    format!("in statements before this one: {}", ways.join("; "))
}

fn remedy(catalog: &Catalog, object: &Object) -> String {
    match object {
        Object::Relation { name } => match catalog.relation(name).map(|found| found.kind) {
            Some(RelationKind::View) => format!("DROP VIEW {}", name.plain()),
            Some(RelationKind::MaterializedView) => {
                format!("DROP MATERIALIZED VIEW {}", name.plain())
            }
            Some(_) => format!("DROP TABLE {}", name.plain()),
            None => format!("DROP INDEX {}", name.plain()),
        },
        Object::Column { relation, name } => {
            format!("ALTER TABLE {} DROP COLUMN {}", relation.plain(), name.as_str())
        }
        Object::Default { relation, name } => match generated(catalog, relation, name) {
            true => format!("ALTER TABLE {} DROP COLUMN {}", relation.plain(), name.as_str()),
            false => format!(
                "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
                relation.plain(),
                name.as_str()
            ),
        },
        Object::Constraint { relation, name } => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", relation.plain(), name.as_str())
        }
        Object::Trigger { relation, name } => {
            format!("DROP TRIGGER {} ON {}", name.as_str(), relation.plain())
        }
        Object::Function { name, .. } => format!("DROP FUNCTION {}", name.plain()),
        Object::Type { name } => format!("DROP TYPE {}", name.plain()),
        Object::Policy { .. }
        | Object::Rule { .. }
        | Object::Publication { .. }
        | Object::Other { .. } => {
            format!(
                "{} is changed only in a stop, with no older release serving (`changeover migrate \
                 --at-once`)",
                object.plain()
            )
        }
    }
}

fn generated(catalog: &Catalog, relation: &QualifiedName, column: &Identifier) -> bool {
    let column = catalog.relation(relation).and_then(|found| found.column(column));
    column.is_some_and(|column| column.generated.is_some())
}
