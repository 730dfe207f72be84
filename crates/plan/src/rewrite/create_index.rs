//! `CREATE INDEX`: built concurrently, in the background.
//!
//! A unique index rejects what older releases may write, so it belongs into contract, unless the
//! author says that they comply.

use super::table;
use crate::{
    change::{self, CreateIndex},
    model::{
        catalog::RelationKind,
        lock::{LockHeld, LockMode},
        step::{IndexBuild, Phase, StepKind},
    },
    rule,
    sql::statement,
    world::{Draft, Refused, Work},
};

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
        work.emit(build(work, built, &relation)).map(|_| ())
    }
}

fn build(work: &Work<'_>, create: CreateIndex, relation: &crate::catalog::Relation) -> Draft {
    let unique = if create.unique { "unique " } else { "" };
    let complies = work.old_complies();
    let (phase, reason) = match (create.unique, complies) {
        (false, _) => (
            Phase::Online,
            "built concurrently: it takes as long as it takes, and blocks neither reads nor writes"
                .to_owned(),
        ),
        (true, Some(because)) => (
            Phase::Online,
            format!("built concurrently; the author says that older releases comply: {because}"),
        ),
        (true, None) => (
            Phase::Contract,
            "a unique index rejects rows that older releases may write; built concurrently once \
             none of them is left"
                .to_owned(),
        ),
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
    draft = if relation.kind == RelationKind::PartitionedTable {
        change::leaves(&work.world.catalog, &relation.name)
            .iter()
            .fold(draft, |draft, leaf| {
                draft.lock(leaf, LockMode::ShareUpdateExclusive, LockHeld::WholeStep)
            })
            // The parent's own index is empty and made at once.
            .lock(&relation.name, LockMode::Share, LockHeld::Blink)
    } else {
        draft.lock(&relation.name, LockMode::ShareUpdateExclusive, LockHeld::WholeStep)
    };
    if phase == Phase::Contract {
        draft = draft.floor(work.floor());
    }
    draft
}
