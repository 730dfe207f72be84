//! `CREATE INDEX`: built concurrently, in the background.
//!
//! A unique index rejects what older releases may write, so it belongs into contract, unless the
//! author says that they comply.

use super::table;
use crate::{
    model::{
        catalog::RelationKind,
        identifier::QualifiedName,
        lock::{LockHeld, LockMode},
        step::{IndexBuild, Phase, StepKind},
    },
    rule,
    sql::statement::CreateIndex,
    world::{Draft, Refused, Subject, Work},
};

/// Plans `CREATE INDEX`.
pub(super) fn plan(work: &mut Work<'_>, create: &CreateIndex) -> Result<(), Refused> {
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
    let name = work.world.index_name(&relation.name, create);
    let index = QualifiedName { schema: relation.name.schema.clone(), name: name.clone() };
    if let Some(holder) = work.world.table_of_index(&index) {
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
        let unique = if create.unique { "UNIQUE " } else { "" };
        let sql = format!("CREATE {unique}INDEX {name} ON {} {}", relation.name, create.definition);
        let draft = Draft::ddl(
            "create_index",
            Phase::Expand,
            format!("create index {}", index.plain()),
            vec![sql],
        )
        .lock(&relation.name, LockMode::Share, LockHeld::Blink)
        .needs(Subject::Relation(relation.name.clone()))
        .makes(Subject::Index(index))
        .reason("the table is new: nobody waits for it");
        work.emit(draft)?;
    } else {
        work.emit(build(work, create, &relation, &index))?;
    }
    work.world.simulate_create_index(&relation.name, &name, create);
    Ok(())
}

fn build(
    work: &Work<'_>,
    create: &CreateIndex,
    relation: &crate::catalog::Relation,
    index: &QualifiedName,
) -> Draft {
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
        format!("build {unique}index {} on {}", index.name.as_str(), relation.name.plain()),
        StepKind::IndexBuild(IndexBuild {
            table: relation.name.clone(),
            partitioned: relation.kind == RelationKind::PartitionedTable,
            index: index.name.clone(),
            unique: create.unique,
            definition: create.definition.clone(),
        }),
    )
    .reason(reason)
    .undo([format!("DROP INDEX IF EXISTS {index}")])
    .makes(Subject::Index(index.clone()));
    draft = if relation.kind == RelationKind::PartitionedTable {
        let leaves = table::leaves(work, &relation.name);
        leaves
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
    for column in &create.reads {
        draft = draft.needs(Subject::Column(relation.name.clone(), column.clone()));
        if create.unique {
            draft = draft.needs(Subject::Filled(relation.name.clone(), column.clone()));
        }
    }
    draft
}
