//! Builds an index without blocking writes: concurrently, and on a partitioned table part by part.
//!
//! Runs on the registered backend, looks at what is there first: a valid index of that name is done,
//! an invalid one is what somebody left who died, and is dropped. `IF NOT EXISTS` is never trusted,
//! it hides an invalid index.

use super::ddl::shorten;
use super::{StepRun, long_statement};
use crate::error::Error;
use crate::ledger::record;
use crate::lock;
use crate::pause::PausePoint;
use changeover_plan::model::step::IndexBuild;
use changeover_plan::{Identifier, Lock, LockHeld, LockMode, QualifiedName};

const INDEX_STATE: &str = include_str!("sql/index_state.sql");
const CHILDREN: &str = include_str!("sql/children.sql");

/// PostgreSQL's limit for a name, in bytes.
const NAME_BYTES_MAX: usize = 63;
/// Partitions within partitions are followed this deep.
const DEPTH_MAX: u32 = 4;

/// Builds and records.
pub(super) async fn run(run: &mut StepRun<'_>, build: &IndexBuild) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let begin = run.worker.begin().await?;
    super::ddl::check_gate(&begin, &options.app, step).await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;

    if build.partitioned {
        let root = Target { table: build.table.clone(), index: build.index.clone() };
        Box::pin(build_partitioned(run, build, root, 0)).await?;
    } else {
        build_one(run, build, &build.table, &build.index).await?;
    }
    let index = QualifiedName { schema: build.table.schema.clone(), name: build.index.clone() };
    match state(run, &build.table, &index).await? {
        Some(found) if found.valid => {}
        _ => {
            return Err(Error::NotVerified {
                what: format!("index {}", index.plain()),
                detail: "it is missing or invalid after its build".to_owned(),
            });
        }
    }
    run.worker.pause(PausePoint::EffectUnrecorded, Some(step)).await;
    let end = run.worker.begin().await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

/// A table and the index that it is to have.
struct Target {
    table: QualifiedName,
    index: Identifier,
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
        detail: format!("the name is taken by another: {}", row.get::<_, String>(3)),
    })
}

/// Builds the index of one table that has no parts.
/// Model: `SendBuild`, `IndexInspected`.
async fn build_one(
    run: &StepRun<'_>,
    build: &IndexBuild,
    table: &QualifiedName,
    index: &Identifier,
) -> Result<(), Error> {
    run.check_stop()?;
    let name = QualifiedName { schema: table.schema.clone(), name: index.clone() };
    if let Some(found) = state(run, table, &name).await? {
        if found.valid {
            return Ok(());
        }
        let leftover = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        long_statement::run(run, &leftover, table.name.as_str()).await?;
    }
    let unique = if build.unique { "UNIQUE " } else { "" };
    let statement =
        format!("CREATE {unique}INDEX CONCURRENTLY {index} ON {table} {}", build.definition);
    let Err(error) = long_statement::run(run, &statement, table.name.as_str()).await else {
        return Ok(());
    };
    // What a failed build leaves is invalid, yet every write maintains it: drop it at once, unless we are to
    // stop. Dropping waits for older transactions as building does; whoever goes on drops it.
    if !error.is_connection_lost() && !run.stop.is_cancelled() {
        let leftover = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        if let Err(left) = long_statement::run(run, &leftover, table.name.as_str()).await {
            tracing::warn!(index = name.plain(), error = %left, "invalid index not dropped yet");
        }
    }
    Err(error)
}

/// Makes the index on the parent alone (a blink), builds each part's, attaches them. A part that is
/// made meanwhile gets its index from the parent.
async fn build_partitioned(
    run: &mut StepRun<'_>,
    build: &IndexBuild,
    target: Target,
    depth: u32,
) -> Result<(), Error> {
    let step = run.step;
    if depth > DEPTH_MAX {
        return Err(Error::Invalid(format!("partitions are nested deeper than {DEPTH_MAX}")));
    }
    let parent = QualifiedName { schema: target.table.schema.clone(), name: target.index.clone() };
    match state(run, &target.table, &parent).await? {
        Some(found) if found.valid || !found.partitioned => return Ok(()),
        Some(_) => {}
        None => {
            let unique = if build.unique { "UNIQUE " } else { "" };
            let statement = format!(
                "CREATE {unique}INDEX {} ON ONLY {} {}",
                target.index, target.table, build.definition
            );
            let lock = Lock {
                relation: target.table.clone(),
                mode: LockMode::Share,
                held: LockHeld::Blink,
            };
            let transaction = run.worker.begin().await?;
            lock::acquire(&transaction, &[lock], &run.options.locks).await?;
            let sql = |source| Error::sql(format!("running {}", shorten(&statement)), source);
            transaction.client().batch_execute(&statement).await.map_err(sql)?;
            transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
            transaction.commit().await?;
        }
    }
    let rows = run
        .worker
        .reader()
        .query(CHILDREN, &[&target.table.to_string(), &parent.to_string()])
        .await
        .map_err(|source| Error::sql("listing the partitions", source))?;
    for row in rows {
        run.check_stop()?;
        let table = QualifiedName::new(row.get::<_, String>(0), row.get::<_, String>(1));
        if row.get::<_, Option<String>>(3).is_some() {
            continue;
        }
        let index = part_name(&target.index, &table.name);
        if row.get(2) {
            let target = Target { table: table.clone(), index: index.clone() };
            Box::pin(build_partitioned(run, build, target, depth + 1)).await?;
        } else {
            build_one(run, build, &table, &index).await?;
        }
        let child = QualifiedName { schema: table.schema.clone(), name: index };
        let statement = format!("ALTER INDEX {parent} ATTACH PARTITION {child}");
        // Locks the part's index for a blink, which `LOCK TABLE` cannot take beforehand.
        let transaction = run.worker.begin().await?;
        lock::run_in_windows(&transaction, &table, &statement, &run.options.locks).await?;
        transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
        transaction.commit().await?;
    }
    Ok(())
}

/// The name of a part's index: the parent's and the part's, cut so that both remain recognisable.
fn part_name(index: &Identifier, part: &Identifier) -> Identifier {
    let full = format!("{}_{}", index.as_str(), part.as_str());
    if full.len() <= NAME_BYTES_MAX {
        return Identifier::new(full);
    }
    let hash = full.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let keep =
        full.char_indices().map(|(at, _)| at).take_while(|at| *at <= NAME_BYTES_MAX - 9).last();
    Identifier::new(format!("{}_{:08x}", &full[..keep.unwrap_or(0)], hash & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_part_names_stay_within_the_limit_and_apart() {
        let index = Identifier::new("i".repeat(50));
        let one = part_name(&index, &Identifier::new(format!("{}1", "p".repeat(40))));
        let two = part_name(&index, &Identifier::new(format!("{}2", "p".repeat(40))));
        assert!(one.as_str().len() <= NAME_BYTES_MAX);
        assert_ne!(one, two);
        assert_eq!(part_name(&"a".into(), &"b".into()).as_str(), "a_b");
    }
}
