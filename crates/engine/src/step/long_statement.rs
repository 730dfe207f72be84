//! Runs a statement that may take hours and that must not be killed by a short lock bound: index
//! builds outside of a transaction ([`run`]), validations and looks within one ([`within`]).
//!
//! `lock_timeout = 0`, since a timeout would leave an invalid index; the whole is bounded by
//! `statement_timeout`. A stop, a lost term, or an operator cancels it on the server: dropping the future would not.
//! While an index is built, a second connection writes the progress.

use super::StepRun;
use crate::connection::Purpose;
use crate::control::Control;
use crate::error::{Error, chain};
use crate::pace::Pacer;
use crate::pause::PausePoint;
use crate::term::GuardedTransaction;
use changeover_plan::Step;
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

/// What ends a statement before its time.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    stop: &'a CancellationToken,
    /// Operators may cancel the step; `None`: this statement cleans up after that.
    cancel: Option<(&'a Control, &'a Step)>,
}

impl<'a> Ends<'a> {
    /// A stop, or operators.
    pub(super) fn of(run: &StepRun<'a>) -> Self {
        Self { stop: run.stop, cancel: Some((run.control, run.step)) }
    }

    /// Returns when the statement is to end, with why.
    async fn wanted(self) -> Error {
        let cancelled = async {
            match self.cancel {
                Some((control, step)) => control.cancelled(step).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => Error::Stopped,
            () = cancelled => {
                let refused = self.cancel.map(|(control, step)| control.refuse_cancelled(step));
                refused.and_then(Result::err).unwrap_or(Error::Stopped)
            }
        }
    }
}

/// Runs `statement` outside a transaction. `part` names what it works on, for the progress.
/// Model: `BeginBuild`, `EndBuild`, `DropLeftover`.
pub(crate) async fn run(run: &StepRun<'_>, statement: &str, part: &str) -> Result<(), Error> {
    bounded(run, Ends::of(run), statement, part).await
}

/// The same for one that removes what a cancelled one has left: only a stop ends it.
pub(super) async fn clean_up(run: &StepRun<'_>, statement: &str, part: &str) -> Result<(), Error> {
    bounded(run, Ends { cancel: None, ..Ends::of(run) }, statement, part).await
}

async fn bounded(
    run: &StepRun<'_>,
    ends: Ends<'_>,
    statement: &str,
    part: &str,
) -> Result<(), Error> {
    let bound_ms = run.options.locks.long_statement.as_millis();
    let client = run.worker.unguarded();
    client
        .batch_execute(&format!(
            "SET lock_timeout = 0; SET statement_timeout = {bound_ms}; \
             SET default_transaction_read_only = off{}",
            run.pace.maintenance()
        ))
        .await
        .map_err(|source| Error::sql("setting the bounds of a long statement", source))?;
    run.worker.pause(PausePoint::BeforeUnguarded, Some(run.step)).await;
    let outcome = supervise(run, ends, statement, part).await;
    let settings = format!("{}{}", Pacer::MAINTENANCE_RESET, Purpose::Work.settings());
    let reset = client.batch_execute(&settings).await;
    outcome?;
    reset.map_err(|source| Error::sql("resetting the session's bounds", source))
}

async fn supervise(
    run: &StepRun<'_>,
    ends: Ends<'_>,
    statement: &str,
    part: &str,
) -> Result<(), Error> {
    let work = run.worker.unguarded().batch_execute(statement);
    tokio::pin!(work);
    let sql = |source| Error::sql(format!("running {}", one_line(statement)), source);
    let wanted = ends.wanted();
    tokio::pin!(wanted);
    // Ends with the statement, which the server bounds.
    let why = loop {
        tokio::select! {
            outcome = &mut work => return outcome.map_err(sql),
            why = &mut wanted => break why,
            () = tokio::time::sleep(REPORT_EVERY) => report(run, part).await,
        }
    };
    let worker = &*run.worker;
    cancelled(work, why, || worker.cancel()).await
}

/// Runs what may take long on a transaction's client. `action` says in an error what it was.
pub(super) async fn within<T>(
    transaction: &GuardedTransaction<'_>,
    bound: Duration,
    ends: Ends<'_>,
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
        why = ends.wanted() => cancelled(work, why, || transaction.cancel()).await,
    }
}

/// Cancels a statement until it has ended. Fails with `why` unless it came to its end before.
async fn cancelled<T, C: Future<Output = ()>>(
    mut work: Pin<&mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
    why: Error,
    cancel: impl Fn() -> C,
) -> Result<T, Error> {
    // Again and again: a request that comes before the statement has begun cancels nothing.
    for _ in 0..CANCELS_MAX {
        cancel().await;
        match tokio::time::timeout(CANCEL_WAIT, &mut work).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(_cancelled)) => return Err(why),
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
