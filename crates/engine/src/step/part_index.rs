//! One part's index of a partitioned table's: which it is, how it becomes the parent's, what it is called.
//!
//! Called by `index_build`. As `CREATE INDEX` on the parent would: an index of the part that is the same already is
//! taken, else one is built and gets the name that the server would have given it. While it is built it has a name of
//! its own (`CreateIndex::on_part`), by which the holder that goes on after a failure finds it; both changes of name
//! and place are one transaction. SQL: `sql/part_twin.sql`, `sql/index_columns.sql`, `sql/names_taken.sql`.

use super::StepRun;
use crate::error::Error;
use crate::lock;
use crate::pause::PausePoint;
use crate::text::exact;
use changeover_plan::change::CreateIndex;
use changeover_plan::default_names;
use changeover_plan::{Identifier, QualifiedName};

const TWIN: &str = include_str!("sql/part_twin.sql");
const COLUMNS: &str = include_str!("sql/index_columns.sql");
const TAKEN: &str = include_str!("sql/names_taken.sql");

/// How many names are tried: those that the server numbers `_idx`, `_idx1` and so on.
const NAMES_MAX: usize = 1_000;

/// An index that the part has already and that can become the parent's.
pub(super) async fn twin(
    run: &StepRun<'_>,
    parent: &CreateIndex,
    part: &QualifiedName,
) -> Result<Option<QualifiedName>, Error> {
    let row = run
        .worker
        .reader()
        .query_opt(TWIN, &[&part.to_string(), &parent.name().to_string()])
        .await
        .map_err(|source| Error::sql("looking for the part's own index", source))?;
    let doing = "reading the name of the part's own index";
    let Some(row) = row else { return Ok(None) };
    let (schema, name): (String, String) = (exact(&row, 0, doing)?, exact(&row, 1, doing)?);
    Ok(Some(QualifiedName::new(schema, name)))
}

/// Makes a part's index the parent's; one that was built for it gets its lasting name.
pub(super) async fn attach(
    run: &mut StepRun<'_>,
    parent: &CreateIndex,
    part: &QualifiedName,
    index: &QualifiedName,
    is_built: bool,
) -> Result<(), Error> {
    let name = if is_built { lasting_name(run, part, index).await? } else { None };
    let transaction = run.worker.begin().await?;
    // Locks the part's index for a blink, which `LOCK TABLE` cannot take beforehand.
    let statement = parent.attach(index);
    lock::run_in_windows(&transaction, part, &statement, &run.options.locks).await?;
    if let Some(name) = name {
        let rename = format!("ALTER INDEX {index} RENAME TO {name}");
        let sql = |source| Error::sql("naming the part's index", source);
        transaction.client().batch_execute(&rename).await.map_err(sql)?;
    }
    transaction.pause(PausePoint::BeforeCommit, Some(run.step)).await;
    transaction.commit().await
}

/// The name that the server would have given it; `None` where all are taken, and it stays as it is.
async fn lasting_name(
    run: &StepRun<'_>,
    part: &QualifiedName,
    index: &QualifiedName,
) -> Result<Option<Identifier>, Error> {
    let sql = |source| Error::sql("naming the part's index", source);
    let reader = run.worker.reader();
    let rows = reader.query(COLUMNS, &[&index.to_string()]).await.map_err(sql)?;
    let doing = "reading the names of an index's columns";
    let columns: Vec<String> =
        rows.iter().map(|row| exact(row, 0, doing)).collect::<Result<_, _>>()?;
    let names: Vec<Identifier> =
        default_names(part.name.as_str(), &columns, "idx").take(NAMES_MAX).collect();
    let texts: Vec<&str> = names.iter().map(Identifier::as_str).collect();
    let rows = reader.query(TAKEN, &[&index.schema.as_str(), &texts]).await.map_err(sql)?;
    let taken: Vec<String> =
        rows.iter().map(|row| exact(row, 0, doing)).collect::<Result<_, _>>()?;
    Ok(names.into_iter().find(|name| !taken.iter().any(|taken| taken == name.as_str())))
}
