//! Keeps how far a long step is: cursor and figures, one row for each part of the table.
//!
//! The cursor is written in the transaction of the batch that it speaks of, so a crash loses and
//! repeats nothing. SQL: `sql/progress_*.sql`.

use crate::backfill::{Batch, Part};
use crate::error::Error;
use crate::ledger::record::{self, bigint};
use crate::term::{GuardedConnection, GuardedTransaction};
use crate::text::{exact, text};
use changeover_plan::StepId;
use serde_json::Value;
use tokio_postgres::{Client, Statement, ToStatement};

const IDENTIFY: &str = include_str!("sql/progress_identify.sql");
const ENSURE: &str = include_str!("sql/progress_ensure.sql");
const PARKED: &str = include_str!("sql/parked_sample.sql");
const ADVANCE: &str = include_str!("sql/progress_advance.sql");

/// How far one part of a table is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// The last key that was committed.
    pub(super) cursor: Option<Vec<String>>,
    /// The last key that there was when the part was begun; `None`: it was empty.
    pub(super) until: Option<Vec<String>>,
    /// Whether the part is through.
    pub(super) finished: bool,
}

/// What one batch adds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Advance {
    /// Rows looked at.
    pub(super) done: u64,
    /// Rows written.
    pub(super) written: u64,
}

/// Where in the ledger a part's progress stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The application.
    pub(super) app: &'a str,
    /// The step.
    pub(super) step: &'a StepId,
    /// The part: the table's or partition's name.
    pub(super) part: &'a str,
}

/// Reads a part's progress, making the row where there is none, with the part's last key now; the one
/// from the first time is kept, unless it was another part's. `units` is what is counted. An empty part is
/// finished.
pub(super) async fn open(
    worker: &mut GuardedConnection,
    batch: &Batch<'_>,
    place: Place<'_>,
    part: &Part,
    units: &str,
) -> Result<Progress, Error> {
    let opening = worker.begin().await?;
    batch.open(&opening).await?;
    let last = batch.last_key(&opening).await?;
    opening
        .client()
        .execute(IDENTIFY, &[&place.app, &place.step.as_str(), &place.part, &part.identity()])
        .await
        .map_err(|source| Error::sql("reading the progress", source))?;
    let state = ensure(&opening, place, part.rows_estimate, units, last.as_deref()).await?;
    if state.until.is_none() {
        advance(&opening, place, None, true, Advance::default()).await?;
    }
    opening.commit().await?;
    Ok(state)
}

/// Keeps for people how many rows a backfill has left parked, and examples.
pub(super) async fn tell_parked(
    transaction: &GuardedTransaction<'_>,
    app: &str,
    step: &StepId,
) -> Result<(), Error> {
    let row = transaction
        .client()
        .query_one(PARKED, &[&app, &step.as_str()])
        .await
        .map_err(|source| Error::sql("counting parked rows", source))?;
    let (count, sample): (i64, String) = (row.get(0), text(&row, 1));
    if count == 0 {
        return Ok(());
    }
    let detail = format!("{count} rows cannot have their new value and are parked: {sample}");
    record::event(transaction, app, "rows_parked", Some(step), &detail).await
}

/// Reads progress of any kind, making the row where there is none.
pub(super) async fn ensure(
    transaction: &GuardedTransaction<'_>,
    place: Place<'_>,
    total: u64,
    units: &str,
    last: Option<&[String]>,
) -> Result<Progress, Error> {
    let last = last.map(|key| Value::from(key.to_vec()));
    let row = transaction
        .client()
        .query_one(
            ENSURE,
            &[&place.app, &place.step.as_str(), &place.part, &bigint(total), &units, &last],
        )
        .await
        .map_err(|source| Error::sql("reading the progress", source))?;
    let key = |column| {
        exact::<Option<Value>>(&row, column, "reading the progress")?
            .map(serde_json::from_value)
            .transpose()
            .map_err(|source| Error::Decode { what: "cursor".to_owned(), source })
    };
    Ok(Progress { cursor: key(0)?, until: key(1)?, finished: row.get(2) })
}

/// Writes what a batch has done, within its transaction.
pub(super) async fn advance(
    transaction: &GuardedTransaction<'_>,
    place: Place<'_>,
    cursor: Option<&[String]>,
    finished: bool,
    added: Advance,
) -> Result<(), Error> {
    let (client, epoch) = (transaction.client(), transaction.epoch());
    write(client, ADVANCE, epoch, place, (cursor, finished), added).await
}

/// Prepares what [`write()`] sends.
pub(super) async fn prepare(client: &Client) -> Result<Statement, Error> {
    client.prepare(ADVANCE).await.map_err(|source| Error::sql("preparing a batch", source))
}

/// The same by a statement that may be prepared: sent when it is first polled.
pub(super) async fn write<S: ?Sized + ToStatement>(
    client: &Client,
    advance: &S,
    epoch: i64,
    place: Place<'_>,
    (cursor, finished): (Option<&[String]>, bool),
    added: Advance,
) -> Result<(), Error> {
    let cursor = cursor.map(|key| Value::from(key.to_vec()));
    client
        .execute(
            advance,
            &[
                &place.app,
                &place.step.as_str(),
                &place.part,
                &cursor,
                &finished,
                &bigint(added.done),
                &bigint(added.written),
                &epoch,
            ],
        )
        .await
        .map_err(|source| Error::sql("writing the progress", source))?;
    Ok(())
}
