//! Validates a `NOT VALID` constraint: a scan under a lock that blocks neither reads nor writes.
//!
//! One transaction, guarded at its end, so the constraint counts as valid only under our term. The
//! statement waits for its lock without `lock_timeout`; `statement_timeout` bounds the whole.

use super::{StepRun, ddl};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::Change;
use changeover_plan::model::step::ConstraintValidate;

/// Validates and records.
pub(super) async fn run(run: &mut StepRun<'_>, validate: &ConstraintValidate) -> Result<(), Error> {
    let (step, options, stop) = (run.step, run.options, run.stop);
    let begin = run.worker.begin().await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;

    let transaction = run.worker.begin().await?;
    let bound_ms = options.locks.long_statement.as_millis();
    let statement = format!(
        "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = {bound_ms}; {}",
        Change::from(validate.clone()).render().join("; ")
    );
    let sql = |source| Error::sql(format!("validating {}", validate.constraint.as_str()), source);
    tokio::select! {
        outcome = transaction.client().batch_execute(&statement) => outcome.map_err(sql)?,
        () = stop.cancelled() => {
            run.worker.cancel().await;
            return Err(Error::Stopped);
        }
    }
    ddl::check_gate(&transaction, &options.app, step).await?;
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}
