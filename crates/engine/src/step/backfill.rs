//! Fills columns of the rows that are there, by ranges of the key; partition by partition.
//!
//! Invariants:
//! - A range and its cursor are committed in one guarded transaction: a crash loses and repeats
//!   nothing, no row is worked twice beyond the open batch.
//! - A range waits for a row lock less than `deadlock_timeout`; then it is done again without the
//!   locked rows, whose keys are kept in the same transaction and revisited: nothing is missed.
//! - Only rows that differ are written. The plan of a range is asserted to be by index.
//!
//! The SQL is put together in `crate::backfill` from the plan's own expressions.

use super::progress::{self, Advance, Place};
use super::{StepRun, sync};
use crate::backfill::{Batch, Part, Sizer, parts};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::model::step::Backfill;
use std::time::Instant;

/// How often the skipped rows of a part are revisited before the step gives up for now.
const REVISIT_ROUNDS_MAX: u32 = 600;
/// The pause between two rounds over skipped rows.
const REVISIT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Fills and records.
pub(super) async fn run(run: &mut StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    sync::require(run, backfill).await?;
    let (step, options) = (run.step, run.options);
    let begin = run.worker.begin().await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;

    let parts = parts(&run.watch.client, backfill).await?;
    for part in &parts {
        fill_part(run, backfill, part).await?;
    }
    for part in &parts {
        revisit(run, backfill, part).await?;
    }
    let end = run.worker.begin().await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

async fn fill_part(run: &mut StepRun<'_>, backfill: &Backfill, part: &Part) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let batch = Batch::new(backfill, part, &options.pace);
    let place = Place { app: &options.app, step: &step.id, part: part.name() };
    let opening = run.worker.begin().await?;
    batch.open(&opening).await?;
    let last = batch.last_key(&opening).await?;
    let total = part.rows_estimate;
    let mut state = progress::ensure(&opening, place, total, "rows", last.as_deref()).await?;
    opening.commit().await?;
    // An empty part has nothing to fill: rows that come are written under the trigger.
    let Some(until) = state.until.clone() else {
        return Ok(());
    };
    let mut sizer = Sizer::new(&options.pace);
    let mut asserted = false;
    // Bounded by the table: each round moves the cursor forward or finishes.
    while !state.finished {
        run.check_stop()?;
        let began = Instant::now();
        let transaction = run.worker.begin().await?;
        batch.open(&transaction).await?;
        let bounds =
            batch.next_range(&transaction, state.cursor.as_deref(), &until, sizer.rows()).await?;
        let Some((upper, rows)) = bounds else {
            progress::advance(&transaction, place, None, true, Advance::default()).await?;
            return transaction.commit().await;
        };
        let range = (state.cursor.as_deref(), upper.as_slice());
        if !asserted {
            batch.assert_by_index(&transaction, range).await?;
            asserted = true;
        }
        let written = batch.fill(&transaction, place.app, &step.id, range).await?;
        let added = Advance { done: rows, written };
        progress::advance(&transaction, place, Some(&upper), false, added).await?;
        transaction.pause(PausePoint::BeforeCommit, Some(step)).await;
        transaction.commit().await?;
        state.cursor = Some(upper);
        run.worker.pause(PausePoint::AfterBatch, Some(step)).await;
        let took = began.elapsed();
        sizer.learn(took, rows);
        rest(run, took).await;
    }
    Ok(())
}

/// Leaves the database to others for a while: a share of the time that the batch took.
async fn rest(run: &StepRun<'_>, took: std::time::Duration) {
    let pause = took.mul_f64(run.options.pace.rest_ratio.clamp(0.0, 100.0));
    tokio::select! {
        () = run.stop.cancelled() => {}
        () = tokio::time::sleep(pause) => {}
    }
}

/// Goes back to the rows that somebody held locked, until none is left.
async fn revisit(run: &mut StepRun<'_>, backfill: &Backfill, part: &Part) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let batch = Batch::new(backfill, part, &options.pace);
    let place = Place { app: &options.app, step: &step.id, part: part.name() };
    for _ in 0..REVISIT_ROUNDS_MAX {
        run.check_stop()?;
        let transaction = run.worker.begin().await?;
        batch.open(&transaction).await?;
        let (left, written) = batch.revisit(&transaction, place.app, &step.id).await?;
        progress::advance(&transaction, place, None, false, Advance { done: 0, written }).await?;
        transaction.commit().await?;
        if left == 0 {
            return Ok(());
        }
        tokio::time::sleep(REVISIT_PAUSE).await;
    }
    Err(Error::Deadline {
        what: format!("waiting for locked rows of {}", part.name()),
        limit_ms: u64::from(REVISIT_ROUNDS_MAX) * 100,
    })
}
