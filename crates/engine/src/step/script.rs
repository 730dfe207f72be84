//! A whole file as it is written, when nobody serves: a fresh database, a developer's, a stop that
//! was asked for.
//!
//! In one transaction with its record, unless a statement forbids that; then statement by statement,
//! see [`each`]. Locks may be waited for, within a bound.

mod each;

use super::StepRun;
use crate::connection;
use crate::error::Error;
use crate::ledger::record;
use crate::options::LockLimits;
use crate::pause::PausePoint;
use changeover_plan::model::step::Script;
use changeover_plan::sql::one_line;
use tokio_postgres::Client;

/// Runs the file's statements and records the step.
pub(super) async fn run(run: &mut StepRun<'_>, script: &Script) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    run.begin().await?;
    if !script.transactional {
        return each::run(run, script).await;
    }
    let transaction = run.worker.begin().await?;
    // A file may take minutes, and nobody serves: a takeover that waits for its end is better than one
    // that undoes it.
    transaction.guard_early().await?;
    statements(transaction.client(), &[bounds(&options.locks, "SET LOCAL")]).await?;
    statements(transaction.client(), &script.statements).await?;
    // A file may leave the search path or role changed; the ledger's functions do not mind, the
    // next file does: settings made with SET last beyond the transaction.
    statements(transaction.client(), &[connection::reset_worker()]).await?;
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}

/// How long a statement of the file may take, and wait for a lock.
fn bounds(limits: &LockLimits, set: &str) -> String {
    format!(
        "{set} lock_timeout = {}; {set} statement_timeout = {}",
        limits.give_up_after.as_millis(),
        limits.long_statement.as_millis()
    )
}

async fn statements(client: &Client, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        client.batch_execute(statement).await.map_err(failed(statement))?;
    }
    Ok(())
}

fn failed(statement: &str) -> impl FnOnce(tokio_postgres::Error) -> Error {
    let action = format!("running {}", one_line(statement));
    move |source| Error::sql(action, source)
}
