//! Holds a release's migrations against what the ledger remembers, before anything else is done.
//!
//! A file that was edited after it was applied is an error. One of which nothing has taken effect (it
//! had a mistake, so its step failed) may be corrected: it is forgotten and planned again.

use crate::connection::Connection;
use crate::error::Error;
use crate::hold;
use crate::ledger::record::{self, bigint};
use crate::ledger::state;
use crate::options::Options;
use changeover_plan::source::{HistoryError, HistoryFault, verify_history};

const WITHDRAWABLE: &str = include_str!("ledger/sql/withdrawable.sql");

/// Fails where a file was edited after it was applied, is missing, or comes too late. A database
/// that is newer than the release is no error: an older release may serve while the floor allows.
pub(crate) async fn check(watch: &Connection, options: &Options) -> Result<(), Error> {
    let Err(contradiction) = contradiction(watch, options).await? else { return Ok(()) };
    let Some(from) = first_number(&contradiction) else { return Err(contradiction.into()) };
    if !withdrawable(&watch.client, &options.app, from).await? {
        return Err(contradiction.into());
    }
    withdraw(watch, options, from).await
}

async fn contradiction(
    watch: &Connection,
    options: &Options,
) -> Result<Result<(), HistoryError>, Error> {
    let applied = state::applied(&watch.client, &options.app).await?;
    Ok(verify_history(&applied, &options.migrations).map(|_| ()))
}

/// The first migration that is not as it was; `None` where a file merely comes too late.
fn first_number(contradiction: &HistoryError) -> Option<u64> {
    let number = |fault: &HistoryFault| match fault {
        HistoryFault::Edited { number, .. } | HistoryFault::Missing { number, .. } => Some(*number),
        HistoryFault::OutOfOrder { .. } => None,
    };
    let numbers: Option<Vec<u64>> = contradiction.faults.iter().map(number).collect();
    numbers?.into_iter().min()
}

async fn withdrawable(
    client: &tokio_postgres::Client,
    app: &str,
    from: u64,
) -> Result<bool, Error> {
    let row = client
        .query_one(WITHDRAWABLE, &[&app, &bigint(from)])
        .await
        .map_err(|source| Error::sql("looking at what has taken effect", source))?;
    Ok(row.get(0))
}

/// Forgets, under a term of its own: nobody runs these steps meanwhile, and it is looked at again.
async fn withdraw(watch: &Connection, options: &Options, from: u64) -> Result<(), Error> {
    let app = &options.app;
    let (term, mut worker) = hold::hold(options, watch).await?;
    let transaction = worker.begin().await?;
    let still = withdrawable(transaction.client(), app, from).await?;
    if still {
        record::withdraw(&transaction, app, from).await?;
        let detail = format!("migrations from {from} on: nothing of them had taken effect");
        record::event(&transaction, app, "withdrawn", None, &detail).await?;
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    drop(worker);
    term.release(watch).await?;
    match contradiction(watch, options).await? {
        Ok(()) => Ok(()),
        Err(contradiction) => Err(contradiction.into()),
    }
}
