//! Runs a statement that may take hours and that must not be killed by a short lock bound: index
//! builds outside of a transaction ([`run`]), validations and looks within one ([`within`]).
//!
//! `lock_timeout = 0`, since a timeout would leave an invalid index; the whole is bounded by
//! `statement_timeout`. A stop or a lost term cancels it on the server: dropping the future would not.
//! While an index is built, a second connection writes the progress.

use super::StepRun;
use crate::connection::Purpose;
use crate::error::{Error, chain};
use crate::pause::PausePoint;
use crate::term::GuardedTransaction;
use changeover_plan::sql::one_line;
use std::pin::Pin;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const REPORT: &str = include_str!("sql/progress_report.sql");

/// How often progress is read and written.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// For how long a cancelled statement is waited for before it is cancelled again: the server looks for
/// interrupts often.
const CANCEL_WAIT: Duration = Duration::from_secs(1);
/// How often it is cancelled: half a minute in all.
const CANCELS_MAX: u32 = 30;

/// Runs `statement` outside a transaction. `part` names what it works on, for the progress.
/// Model: `BeginBuild`, `EndBuild`, `DropLeftover`.
pub(crate) async fn run(run: &StepRun<'_>, statement: &str, part: &str) -> Result<(), Error> {
    let bound_ms = run.options.locks.long_statement.as_millis();
    let client = run.worker.unguarded();
    client
        .batch_execute(&format!(
            "SET lock_timeout = 0; SET statement_timeout = {bound_ms}; \
             SET default_transaction_read_only = off"
        ))
        .await
        .map_err(|source| Error::sql("setting the bounds of a long statement", source))?;
    run.worker.pause(PausePoint::BeforeUnguarded, Some(run.step)).await;
    let outcome = supervise(run, statement, part).await;
    let reset = client.batch_execute(Purpose::Work.settings()).await;
    outcome?;
    reset.map_err(|source| Error::sql("resetting the session's bounds", source))
}

async fn supervise(run: &StepRun<'_>, statement: &str, part: &str) -> Result<(), Error> {
    let work = run.worker.unguarded().batch_execute(statement);
    tokio::pin!(work);
    let sql = |source| Error::sql(format!("running {}", one_line(statement)), source);
    // Ends with the statement, which the server bounds.
    loop {
        tokio::select! {
            outcome = &mut work => return outcome.map_err(sql),
            () = run.stop.cancelled() => break,
            () = tokio::time::sleep(REPORT_EVERY) => report(run, part).await,
        }
    }
    let worker = &*run.worker;
    cancelled(work, || worker.cancel()).await
}

/// Runs what may take long on a transaction's client. `action` says in an error what it was.
pub(super) async fn within<T>(
    transaction: &GuardedTransaction<'_>,
    bound: Duration,
    stop: &CancellationToken,
    action: String,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    let client = transaction.client();
    let bounds =
        format!("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = {}", bound.as_millis());
    let sql = |source| Error::sql(action, source);
    if let Err(error) = client.batch_execute(&bounds).await {
        return Err(sql(error));
    }
    tokio::pin!(work);
    tokio::select! {
        outcome = &mut work => outcome.map_err(sql),
        () = stop.cancelled() => cancelled(work, || transaction.cancel()).await,
    }
}

/// Cancels a statement until it has ended. [`Error::Stopped`] unless it came to its end before.
async fn cancelled<T, C: Future<Output = ()>>(
    mut work: Pin<&mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
    cancel: impl Fn() -> C,
) -> Result<T, Error> {
    // Again and again: a request that comes before the statement has begun cancels nothing.
    for _ in 0..CANCELS_MAX {
        cancel().await;
        match tokio::time::timeout(CANCEL_WAIT, &mut work).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(_cancelled)) => return Err(Error::Stopped),
            Err(_elapsed) => {}
        }
    }
    Err(Error::Deadline {
        what: "cancelling a statement".to_owned(),
        limit_ms: u64::try_from(CANCEL_WAIT.as_millis()).unwrap_or(u64::MAX)
            * u64::from(CANCELS_MAX),
    })
}

/// Writes what `pg_stat_progress_create_index` says, from the connection beside the one that builds,
/// guarded in its own statement. Only shown to people: where it fails, the step does not.
async fn report(run: &StepRun<'_>, part: &str) {
    let claim = run.worker.claim();
    let outcome = run
        .watch
        .client
        .execute(
            REPORT,
            &[
                &run.app(),
                &run.step.id.as_str(),
                &part,
                &run.worker.pid(),
                &claim.epoch,
                &claim.holder,
            ],
        )
        .await;
    if let Err(error) = outcome {
        tracing::debug!(error = chain(&error), "progress not written");
    }
}
