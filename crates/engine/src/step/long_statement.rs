//! Runs a statement that may take hours and that must not be killed by a short lock bound: index
//! builds and validations.
//!
//! `lock_timeout = 0`, since a timeout would leave an invalid index; the whole is bounded by
//! `statement_timeout`. While it runs, a second connection writes its progress, and a stop or a
//! lost term cancels it on the server: dropping the future would not.

use super::StepRun;
use crate::connection::Purpose;
use crate::error::{Error, chain};
use crate::pause::PausePoint;
use std::time::Duration;

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
    let sql = |source| Error::sql(format!("running {}", super::ddl::shorten(statement)), source);
    // Ends with the statement, which the server bounds.
    loop {
        tokio::select! {
            outcome = &mut work => return outcome.map_err(sql),
            () = run.stop.cancelled() => break,
            () = tokio::time::sleep(REPORT_EVERY) => report(run, part).await,
        }
    }
    // Again and again: a request that comes before the statement has begun cancels nothing.
    for _ in 0..CANCELS_MAX {
        run.worker.cancel().await;
        match tokio::time::timeout(CANCEL_WAIT, &mut work).await {
            Ok(Ok(())) => return Ok(()),
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
