//! `CREATE INDEX`: built concurrently, in the background.
//!
//! A unique index rejects what older releases may write, so it belongs into contract, unless the
//! author says that they comply.

use super::{Form, Planned, table};
use crate::{
    change::{self, CreateIndex},
    model::{
        catalog::RelationKind,
        lock::{LockHeld, LockMode},
        step::{IndexBuild, Phase, StepKind},
    },
    rule,
    sql::{StatementKind as Kind, statement},
    world::{Draft, Refused, Work},
};

/// The registry's entry.
pub(super) fn rewrite(work: &mut Work<'_>, form: &Form<'_>) -> Planned {
    let Form::Statement(Kind::CreateIndex(create)) = form else { return None };
    Some(plan(work, create))
}

/// Plans `CREATE INDEX`.
pub(super) fn plan(work: &mut Work<'_>, create: &statement::CreateIndex) -> Result<(), Refused> {
    let on = work.world.resolve(&create.table);
    let materialized = work
        .world
        .relation(&on)
        .is_some_and(|relation| relation.kind == RelationKind::MaterializedView);
    let relation = match work.world.relation(&on) {
        Some(view) if materialized => view.clone(),
        _ => table::existing(work, &create.table)?,
    };
    super::obstacle::kin::no_foreign_part(work, &relation)?;
    for column in &create.reads {
        if !materialized {
            table::has_column(&relation, column)?;
        }
    }
    let built = change::create_index(&work.world.catalog, create);
    let (name, index) = (built.index.clone(), built.name());
    if let Some(holder) = work.world.catalog.table_of_index(&index) {
        let valid = holder.indexes.iter().any(|found| found.name == name && found.valid);
        if create.if_not_exists && valid {
            return super::nothing_to_do(work, format!("index {} is there already", index.plain()));
        }
        if valid {
            return Err(Refused::new(
                &rule::exists::RULE,
                format!("there is an index {} already", index.plain()),
                "give the new one another name; the old one can be dropped in a later migration",
            ));
        }
    }
    if create.only {
        return Err(super::not_understood("CREATE INDEX … ON ONLY"));
    }
    if work.world.is_new(&relation.name) {
        let title = format!("create index {}", index.plain());
        let plain = CreateIndex { concurrently: false, ..built };
        let draft = Draft::ddl("create_index", Phase::Expand, title, vec![plain.into()])
            .reason("the table is new: nobody waits for it");
        work.emit(draft).map(|_| ())
    } else {
        let built = CreateIndex { concurrently: true, ..built };
        let raises = super::obstacle::raising::reason(work, create);
        work.emit(build(work, built, &relation, raises)).map(|_| ())
    }
}

/// `raises` says why an older release's write may fail because of the index.
fn build(
    work: &Work<'_>,
    create: CreateIndex,
    relation: &crate::catalog::Relation,
    raises: Option<String>,
) -> Draft {
    let unique = if create.unique { "unique " } else { "" };
    let complies = work.old_complies();
    let rejects = match (create.unique, raises) {
        (true, _) => Some("a unique index rejects rows that older releases may write".to_owned()),
        (false, Some(why)) => {
            Some(format!("the index would reject what older releases may write: {why}"))
        }
        (false, None) => None,
    };
    let (phase, reason) = match (&rejects, complies) {
        (None, _) => (
            Phase::Online,
            "built concurrently: it takes as long as it takes, and blocks neither reads nor writes"
                .to_owned(),
        ),
        (Some(_), Some(because)) => (
            Phase::Online,
            format!("built concurrently; the author says that older releases comply: {because}"),
        ),
        (Some(rejects), None) => {
            (Phase::Contract, format!("{rejects}; built concurrently once none of them is left"))
        }
    };
    let mut draft = Draft::new(
        "index",
        phase,
        format!("build {unique}index {} on {}", create.index.as_str(), relation.name.plain()),
        StepKind::IndexBuild(IndexBuild {
            create,
            partitioned: relation.kind == RelationKind::PartitionedTable,
        }),
    )
    .reason(reason);
    if relation.kind == RelationKind::PartitionedTable {
        for leaf in &change::leaves(&work.world.catalog, &relation.name) {
            draft = draft.lock(leaf, LockMode::ShareUpdateExclusive, LockHeld::WholeStep);
        }
    }
    if phase == Phase::Contract {
        draft = draft.floor(work.floor());
    }
    draft
}
