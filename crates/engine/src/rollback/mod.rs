//! Undoes an upgrade: the steps of all migrations above a head, last one first.
//!
//! Called by `changeover rollback`. Plans and their way back are in the ledger, so it works after the
//! new release's files are gone.
//!
//! Invariants:
//! - A step goes back to `pending` in the transaction that undoes it. Dying anywhere leaves an
//!   upgrade that is partly done: going on with the rollback, or forward, is both right.
//! - Nothing is undone once the floor is above the head to go back to, while an instance above it
//!   lives, or where a step that was done has taken away what cannot be put back.
//!
//! SQL: `sql/`; of a step: `crate::step::undo`.

use crate::error::Error;
use crate::hold;
use crate::ledger::{bootstrap, record, state};
use crate::operate;
use crate::options::Options;
use crate::step::undo::undo;
use crate::text::{document, text};
use changeover_plan::{Step, StepId};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

const STEPS: &str = include_str!("sql/steps.sql");
const ALIVE: &str = include_str!("sql/alive.sql");

/// What a rollback did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The head before.
    pub from: u64,
    /// The head now.
    pub to: u64,
    /// The steps that had been begun or done and were undone, in the order in which that happened.
    pub undone: Vec<StepId>,
}

/// Undoes all migrations above `to`. Says what it undid; nothing where there was nothing above.
///
/// # Errors
/// [`Error::CannotRollBack`] with all reasons, before anything is changed.
pub async fn rollback(
    options: &Options,
    to: u64,
    stop: CancellationToken,
) -> Result<RolledBack, Error> {
    let watch = operate::open_owner(options).await?;
    bootstrap::require(&watch).await?;
    let app = &options.app;
    let standing = state::standing(&watch.client, app).await?.ok_or(Error::NoLedger)?;
    let from = standing.head.unwrap_or(0);
    if from <= to {
        return Ok(RolledBack { from, to: from, undone: Vec::new() });
    }
    possible(&watch.client, options, to).await?;
    let (term, mut worker) = hold::hold(options, &watch).await?;
    let outcome = async {
        // Once more under the term: nobody runs a step meanwhile.
        possible(&watch.client, options, to).await?;
        let mut undone = Vec::new();
        for (step, _) in begun(&watch.client, app, to).await? {
            if stop.is_cancelled() {
                return Err(Error::Stopped);
            }
            tracing::info!(step = %step.id, title = step.title, "step is undone");
            undo(&mut worker, &watch, options, &step, &stop).await?;
            undone.push(step.id);
        }
        let transaction = worker.begin().await?;
        record::withdraw(&transaction, app, to + 1).await?;
        let detail = format!("rolled back from migration {from} to {to}");
        record::event(&transaction, app, "rolled_back", None, &detail).await?;
        transaction.commit().await?;
        Ok(RolledBack { from, to, undone })
    }
    .await;
    drop(worker);
    term.release(&watch).await?;
    outcome
}

/// The steps above a head that were begun or done, last one first, with whether they are done.
async fn begun(
    client: &tokio_postgres::Client,
    app: &str,
    to: u64,
) -> Result<Vec<(Step, bool)>, Error> {
    let rows = client
        .query(STEPS, &[&app, &record::bigint(to)])
        .await
        .map_err(|source| Error::sql("reading the steps to undo", source))?;
    rows.iter().map(|row| Ok((document(row, 0, "steps")?, row.get(1)))).collect()
}

/// Fails with everything that is in the way.
async fn possible(
    client: &tokio_postgres::Client,
    options: &Options,
    to: u64,
) -> Result<(), Error> {
    let app = &options.app;
    let standing = state::standing(client, app).await?.ok_or(Error::NoLedger)?;
    let mut reasons = Vec::new();
    if standing.floor > to {
        reasons.push(format!(
            "the floor is {}: what releases below it need may be gone, and they cannot start",
            standing.floor
        ));
    }
    let known: BTreeSet<u64> =
        state::applied(client, app).await?.iter().map(|applied| applied.number).collect();
    if to > 0 && !known.contains(&to) {
        reasons.push(format!("the ledger knows no migration {to}"));
    }
    for (step, done) in begun(client, app, to).await? {
        if done && step.lost {
            reasons.push(format!("step {} ({}) cannot be undone", step.id, step.title));
        }
    }
    let alive = client
        .query(ALIVE, &[&app, &record::bigint(to)])
        .await
        .map_err(|source| Error::sql("reading the instances", source))?;
    for row in alive {
        reasons.push(text(&row, 0));
    }
    if reasons.is_empty() { Ok(()) } else { Err(Error::CannotRollBack { to, reasons }) }
}
