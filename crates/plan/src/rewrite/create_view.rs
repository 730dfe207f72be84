//! `CREATE VIEW` and `CREATE MATERIALIZED VIEW`.

use super::create_object::{as_written, columns_made};
use crate::{
    model::{
        catalog::RelationKind,
        identifier::QualifiedName,
        lock::{LockHeld, LockMode},
    },
    rule,
    sql::statement::CreateView,
    world::{Refused, Subject, Work, simulate::relation},
};

/// `CREATE VIEW`, `CREATE MATERIALIZED VIEW`.
pub(super) fn plan(work: &mut Work<'_>, create: &CreateView) -> Result<(), Refused> {
    let name = work.world.resolve_new(&create.name);
    let word = if create.materialized { "materialized view" } else { "view" };
    if create.temporary {
        return Err(super::not_understood("a temporary view"));
    }
    let reads: Vec<QualifiedName> = create
        .reads
        .iter()
        .map(|read| work.world.resolve(read))
        .filter(|read| work.world.relation(read).is_some())
        .collect();
    let exists = work.world.relation(&name).is_some();
    if exists && create.if_not_exists {
        return super::nothing_to_do(work, format!("{word} {} is there already", name.plain()));
    }
    allowed(work, create, &name, exists, &reads)?;
    let mut draft = as_written(work, "create_view", format!("create {word} {}", name.plain()))
        .reason(format!("a new {word} disturbs nobody"))
        .makes(Subject::Relation(name.clone()));
    draft = if exists {
        draft.lock(&name, LockMode::AccessExclusive, LockHeld::Blink)
    } else {
        draft.undo([format!("DROP {} IF EXISTS {name}", word.to_uppercase())])
    };
    for read in &reads {
        draft = draft
            .lock(read, LockMode::AccessShare, LockHeld::Blink)
            .needs(Subject::Relation(read.clone()));
        for subject in columns_made(work, read) {
            draft = draft.needs(subject);
        }
    }
    work.emit(draft)?;
    simulate(work, create, &name, exists, &reads);
    Ok(())
}

/// What releases that serve would notice.
fn allowed(
    work: &Work<'_>,
    create: &CreateView,
    name: &QualifiedName,
    exists: bool,
    reads: &[QualifiedName],
) -> Result<(), Refused> {
    if exists && !work.world.is_new(name) {
        work.refuse_unless_allowed(Refused::new(
            &rule::replaces_view::RULE,
            format!("releases that serve read {}", name.plain()),
            "give the new one another name, or write `-- changeover: allow=replaces-view because \
             \"…\"` if older releases find in it what they expect",
        ))?;
    }
    let holds_rows = reads.iter().any(|read| !work.world.is_new(read));
    if create.materialized && holds_rows && !create.no_data {
        return Err(Refused::new(
            &rule::materialized_view_fill::RULE,
            format!("{} is filled by one long query while the new release waits", name.plain()),
            "write WITH NO DATA, and let the new release refresh it",
        ));
    }
    Ok(())
}

fn simulate(
    work: &mut Work<'_>,
    create: &CreateView,
    name: &QualifiedName,
    exists: bool,
    reads: &[QualifiedName],
) {
    let kind =
        if create.materialized { RelationKind::MaterializedView } else { RelationKind::View };
    if !exists {
        work.world.catalog.insert(relation(name, kind));
        work.world.new_relations.insert(name.clone());
    }
    for read in reads {
        if let Some(found) = work.world.catalog.relation_mut(read)
            && !found.views.contains(name)
        {
            found.views.push(name.clone());
        }
    }
}
