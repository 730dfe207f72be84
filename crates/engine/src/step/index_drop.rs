//! Drops an index without blocking reads or writes; on a partitioned table, where PostgreSQL has no
//! concurrent form, under short locks.

use super::{StepRun, ddl, long_statement};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::Change;
use changeover_plan::model::step::IndexDrop;

/// Drops and records.
pub(super) async fn run(run: &mut StepRun<'_>, drop: &IndexDrop) -> Result<(), Error> {
    let statements = Change::from(drop.drop.clone()).render();
    if drop.partitioned {
        return ddl::run(run, &statements).await;
    }
    let (step, options) = (run.step, run.options);
    let begin = run.worker.begin().await?;
    ddl::check_gate(&begin, &options.app, step).await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;
    for statement in &statements {
        long_statement::run(run, statement, drop.drop.table.name.as_str()).await?;
    }
    run.worker.pause(PausePoint::EffectUnrecorded, Some(step)).await;
    let end = run.worker.begin().await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}
