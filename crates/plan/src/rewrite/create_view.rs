//! `CREATE VIEW` and `CREATE MATERIALIZED VIEW`.

use super::{Form, Planned, columns_made};
use crate::{
    change::CreateView,
    model::{identifier::QualifiedName, step::Phase},
    rule,
    sql::{StatementKind as Kind, statement},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateView(create)) = form else { return None };
    Some(plan(work, create))
}

/// `CREATE VIEW`, `CREATE MATERIALIZED VIEW`.
pub(super) fn plan(work: &mut Work<'_>, create: &statement::CreateView) -> Result<(), Refused> {
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
    let change = CreateView {
        name: name.clone(),
        materialized: create.materialized,
        reads: reads.clone(),
        sql: work.statement.text.clone(),
    };
    let title = format!("create {word} {}", name.plain());
    let mut draft = Draft::ddl("create_view", Phase::Expand, title, vec![change.into()])
        .reason(format!("a new {word} disturbs nobody"));
    for subject in reads.iter().flat_map(|read| columns_made(work, read)) {
        draft = draft.needs(subject);
    }
    work.emit(draft)?;
    if !exists {
        work.world.new_relations.insert(name);
    }
    Ok(())
}

/// What releases that serve would notice.
fn allowed(
    work: &Work<'_>,
    create: &statement::CreateView,
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
