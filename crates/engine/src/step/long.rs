//! Statements that may take long and block neither reads nor writes, such as a validation.
//!
//! One transaction, guarded at its end, so that what they did counts only under our term. They wait for
//! their locks without `lock_timeout`; `statement_timeout` bounds each.

use super::long_statement::{self, Ends};
use super::{StepRun, constraint_validate, ddl};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::model::step::ConstraintValidate;

/// Runs and records. `action` says in an error what failed; where a constraint is validated, rows that
/// break it may have come.
pub(super) async fn run(
    run: &mut StepRun<'_>,
    statements: &[String],
    action: String,
    validates: Option<&ConstraintValidate>,
) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    run.begin().await?;
    run.pace.before_long(step, run.watch, run.stop).await?;
    let (ends, bound) = (Ends::of(run), options.locks.long_statement);
    let transaction = run.worker.begin().await?;
    for statement in statements {
        let execute = transaction.client().batch_execute(statement);
        let ran = long_statement::within(&transaction, bound, ends, action.clone(), execute).await;
        match (ran, validates) {
            (Err(error), Some(validate)) if constraint_validate::is_broken(&error) => {
                transaction.rollback().await?;
                return Err(constraint_validate::take_back(run, validate, error).await?);
            }
            (ran, _) => ran?,
        }
    }
    ddl::check_gate(&transaction, &options.app, step).await?;
    record::step_done(&transaction, &options.app, &step.id).await?;
    transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
    transaction.commit().await
}
