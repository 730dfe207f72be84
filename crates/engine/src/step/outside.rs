//! Statements that no transaction holds, such as `DROP INDEX CONCURRENTLY`: each may take long, and none
//! blocks reads or writes.
//!
//! Marked as running first, recorded after. After a holder has died the next one runs them
//! once more, so each comes to the same when it is repeated (law 5).

use super::{StepRun, ddl, long_statement};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;

/// Runs and records. `part` names what they work on, for the progress.
pub(super) async fn run(
    run: &mut StepRun<'_>,
    statements: &[String],
    part: &str,
) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let begin = run.worker.begin().await?;
    ddl::check_gate(&begin, &options.app, step).await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;
    for statement in statements {
        long_statement::run(run, statement, part).await?;
    }
    run.worker.pause(PausePoint::EffectUnrecorded, Some(step)).await;
    let end = run.worker.begin().await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}
