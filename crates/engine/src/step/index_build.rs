//! Builds an index without blocking writes: concurrently, and on a partitioned table part by part.
//!
//! Runs on the registered backend, looks at what is there first: a valid index of that name is done,
//! an invalid one is what somebody left who died, and is dropped. `IF NOT EXISTS` is never trusted,
//! it hides an invalid index.

use super::{StepRun, long_statement, part_index};
use crate::error::{Error, chain};
use crate::lock;
use crate::pause::PausePoint;
use crate::text::{exact, known_text, text};
use changeover_plan::change::{Change, CreateIndex};
use changeover_plan::model::step::IndexBuild;
use changeover_plan::sql::one_line;
use changeover_plan::{Lock, LockHeld, LockMode, QualifiedName};

const INDEX_STATE: &str = include_str!("sql/index_state.sql");
const CHILDREN: &str = include_str!("sql/children.sql");

/// Partitions within partitions are followed this deep.
const DEPTH_MAX: u32 = 4;

/// Builds and records.
pub(super) async fn run(run: &mut StepRun<'_>, build: &IndexBuild) -> Result<(), Error> {
    run.begin_gated().await?;
    let create = &build.create;
    if build.partitioned {
        Box::pin(build_partitioned(run, create, 0)).await?;
    } else {
        build_one(run, create).await?;
    }
    let index = create.name();
    match state(run, &create.table, &index).await? {
        Some(found) if found.valid => {}
        _ => {
            return Err(Error::NotVerified {
                what: format!("index {}", index.plain()),
                detail: "it is missing or invalid after its build".to_owned(),
            });
        }
    }
    run.end().await
}

struct IndexState {
    valid: bool,
    partitioned: bool,
}

/// What stands under the index's name; an error where that is an index of another table.
async fn state(
    run: &StepRun<'_>,
    table: &QualifiedName,
    index: &QualifiedName,
) -> Result<Option<IndexState>, Error> {
    let row = run
        .worker
        .reader()
        .query_opt(INDEX_STATE, &[&index.schema.as_str(), &index.name.as_str(), &table.to_string()])
        .await
        .map_err(|source| Error::sql("looking at the index", source))?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<_, bool>(1) {
        return Ok(Some(IndexState { valid: row.get(0), partitioned: row.get(2) }));
    }
    Err(Error::NotVerified {
        what: format!("index {}", index.plain()),
        detail: format!("the name is taken by another: {}", text(&row, 3)),
    })
}

/// Builds the index of one table that has no parts.
/// Model: `SendBuild`, `IndexInspected`.
async fn build_one(run: &StepRun<'_>, create: &CreateIndex) -> Result<(), Error> {
    run.check_stop()?;
    if let Some(found) = state(run, &create.table, &create.name()).await? {
        if found.valid {
            return Ok(());
        }
        run_all(run, create, create.leftover().into()).await?;
    }
    run.pace.before_long(run.step, run.watch, run.stop).await?;
    let Err(error) = run_all(run, create, create.clone().into()).await else {
        return Ok(());
    };
    // What a failed build leaves is invalid, yet every write maintains it: drop it at once, unless we are to
    // stop. Dropping waits for older transactions as building does; the next holder drops it.
    if !error.is_connection_lost()
        && !run.stop.is_cancelled()
        && let Err(left) = drop_leftover(run, create).await
    {
        let (index, error) = (create.name().plain(), chain(&left));
        tracing::warn!(index, error, "invalid index not dropped yet");
    }
    Err(error)
}

/// Runs a change that takes long on the registered backend.
async fn run_all(run: &StepRun<'_>, create: &CreateIndex, change: Change) -> Result<(), Error> {
    for statement in change.render() {
        long_statement::run(run, &statement, create.table.name.as_str()).await?;
    }
    Ok(())
}

/// Drops what a failed or cancelled build has left.
async fn drop_leftover(run: &StepRun<'_>, create: &CreateIndex) -> Result<(), Error> {
    for statement in Change::from(create.leftover()).render() {
        long_statement::clean_up(run, &statement, create.table.name.as_str()).await?;
    }
    Ok(())
}

/// Makes the index on the parent alone (a blink), builds each part's, attaches them. A part that is
/// made meanwhile gets its index from the parent.
async fn build_partitioned(
    run: &mut StepRun<'_>,
    create: &CreateIndex,
    depth: u32,
) -> Result<(), Error> {
    if depth > DEPTH_MAX {
        return Err(Error::Invalid(format!("partitions are nested deeper than {DEPTH_MAX}")));
    }
    match state(run, &create.table, &create.name()).await? {
        Some(found) if found.valid || !found.partitioned => return Ok(()),
        Some(_) => {}
        None => on_parent_alone(run, create).await?,
    }
    let rows = run
        .worker
        .reader()
        .query(CHILDREN, &[&create.table.to_string(), &create.name().to_string()])
        .await
        .map_err(|source| Error::sql("listing the partitions", source))?;
    for row in rows {
        run.check_stop()?;
        let doing = "reading a partition's name";
        let (schema, name): (String, String) = (exact(&row, 0, doing)?, exact(&row, 1, doing)?);
        let table = QualifiedName::new(schema, name);
        if known_text(&row, 3).is_some() {
            continue;
        }
        let part = create.on_part(&table);
        if let Some(twin) = part_index::twin(run, create, &table).await? {
            part_index::attach(run, create, &table, &twin, twin == part.name()).await?;
            continue;
        }
        if row.get(2) {
            Box::pin(build_partitioned(run, &part, depth + 1)).await?;
        } else {
            build_one(run, &part).await?;
        }
        part_index::attach(run, create, &table, &part.name(), true).await?;
    }
    Ok(())
}

/// The parent's own index is empty and made at once, under a short lock.
async fn on_parent_alone(run: &mut StepRun<'_>, create: &CreateIndex) -> Result<(), Error> {
    let lock =
        Lock { relation: create.table.clone(), mode: LockMode::Share, held: LockHeld::Blink };
    let transaction = run.worker.begin().await?;
    lock::acquire(&transaction, &[lock], &run.options.locks).await?;
    for statement in Change::from(create.on_parent_alone()).render() {
        let sql = |source| Error::sql(format!("running {}", one_line(&statement)), source);
        transaction.client().batch_execute(&statement).await.map_err(sql)?;
    }
    transaction.pause(PausePoint::BeforeCommit, Some(run.step)).await;
    transaction.commit().await
}
