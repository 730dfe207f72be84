//! A whole file as it is written, when nobody serves: a fresh database, a developer's, a stop that
//! was asked for.
//!
//! In one transaction with its record, unless a statement forbids that; then statement by statement,
//! each in its own, and the record after the last. Locks may be waited for, within a bound.

use super::{StepRun, ddl};
use crate::connection;
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::model::step::Script;

/// Runs the file's statements and records the step.
pub(super) async fn run(run: &mut StepRun<'_>, script: &Script) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let bound_ms = options.locks.long_statement.as_millis();
    let lock_ms = options.locks.give_up_after.as_millis();
    let begin = run.worker.begin().await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;
    if !script.transactional {
        let bounds = format!(
            "SET lock_timeout = {lock_ms}; SET statement_timeout = {bound_ms}; \
             SET default_transaction_read_only = off"
        );
        let client = run.worker.unguarded();
        statements(client, std::slice::from_ref(&bounds)).await?;
        run.worker.pause(PausePoint::BeforeUnguarded, Some(step)).await;
        let outcome = statements(client, &script.statements).await;
        client
            .batch_execute(&connection::reset_worker())
            .await
            .map_err(|source| Error::sql("resetting the session", source))?;
        outcome?;
        run.worker.pause(PausePoint::EffectUnrecorded, Some(step)).await;
        let end = run.worker.begin().await?;
        record::step_done(&end, &options.app, &step.id).await?;
        end.pause(PausePoint::BeforeCommit, Some(step)).await;
        return end.commit().await;
    }
    let transaction = run.worker.begin().await?;
    // A file may take minutes, and nobody serves: a takeover that waits for its end is better than one
    // that undoes it.
    transaction.guard_early().await?;
    let bounds =
        format!("SET LOCAL lock_timeout = {lock_ms}; SET LOCAL statement_timeout = {bound_ms}");
    statements(transaction.client(), std::slice::from_ref(&bounds)).await?;
    statements(transaction.client(), &script.statements).await?;
    // A file may leave the search path or role changed; the ledger's functions do not mind, the
    // next file does: settings made with SET last beyond the transaction.
    statements(transaction.client(), &[connection::reset_worker()]).await?;
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}

async fn statements(client: &tokio_postgres::Client, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        client
            .batch_execute(statement)
            .await
            .map_err(|source| Error::sql(format!("running {}", ddl::shorten(statement)), source))?;
    }
    Ok(())
}
