//! Proves, by ranges over the whole table, that a backfill left no row that differs.
//!
//! By ranges, since one long snapshot would stall vacuum and index builds. The trigger must stand,
//! always enabled, before and after: then a row found equal stays equal. Rows that differ are
//! filled once more and looked at again; if they still differ, the step fails and names some.

use super::backfill::unless_gone;
use super::progress::{self, Place, Progress};
use super::ranges::{self, Work};
use super::{StepRun, sync};
use crate::backfill::{Batch, Part, parts};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::StepId;
use changeover_plan::model::step::Backfill;

/// Checks and records.
pub(super) async fn run(run: &mut StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    run.begin().await?;
    sync::require(run, backfill).await?;
    let parts = parts(&run.watch.client, backfill).await?;
    check_parts(run, backfill, &step.id, &parts).await?;
    sync::require(run, backfill).await?;
    let end = run.worker.begin().await?;
    record::forget_skipped(&end, &options.app, &step.id).await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

/// Checks some parts, in the name of a step. Parts that come later are checked before the trigger goes
/// (`parked.rs`).
pub(super) async fn check_parts(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    step: &StepId,
    parts: &[Part],
) -> Result<(), Error> {
    let mut opened = Vec::new();
    for part in parts {
        let place = Place { app: &run.options.app, step, part: part.name() };
        let batch = Batch::new(backfill, part, run.options, step);
        let outcome = progress::open(run.worker, &batch, place, part, "rows checked").await;
        if let Some(state) = unless_gone(run, backfill, part, step, outcome).await? {
            opened.push((part, state));
        }
    }
    for (part, state) in opened {
        let outcome = check_part(run, backfill, step, part, state).await;
        unless_gone(run, backfill, part, step, outcome).await?;
    }
    Ok(())
}

async fn check_part(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    id: &StepId,
    part: &Part,
    state: Progress,
) -> Result<(), Error> {
    let options = run.options;
    let batch = Batch::new(backfill, part, options, id);
    let place = Place { app: &options.app, step: id, part: part.name() };
    ranges::go_through(run, &batch, place, part, state, Work::Check).await
}
