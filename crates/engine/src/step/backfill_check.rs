//! Proves, by ranges over the whole table, that a backfill left no row that differs.
//!
//! By ranges, since one long snapshot would stall vacuum and index builds. The trigger must stand,
//! always enabled, before and after: then a row found equal stays equal. Rows that differ are
//! filled once more and looked at again; if they still differ, the step fails and names some.

use super::progress::{self, Advance, Place};
use super::{StepRun, sync};
use crate::backfill::{Batch, Part, Sizer, parts};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::model::step::Backfill;
use std::time::Instant;

/// How often a range that differs is filled and looked at again: rows may be locked meanwhile.
const REPAIR_ROUNDS_MAX: u32 = 50;
/// The pause between two of these rounds.
const REPAIR_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Checks and records.
pub(super) async fn run(run: &mut StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let begin = run.worker.begin().await?;
    record::step_begin(&begin, &options.app, &step.id).await?;
    begin.commit().await?;
    run.worker.pause(PausePoint::StepBegun, Some(step)).await;
    sync::require(run, backfill).await?;
    for part in &parts(&run.watch.client, backfill).await? {
        check_part(run, backfill, part).await?;
    }
    sync::require(run, backfill).await?;
    let end = run.worker.begin().await?;
    record::forget_skipped(&end, &options.app, &step.id).await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

async fn check_part(run: &mut StepRun<'_>, backfill: &Backfill, part: &Part) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let batch = Batch::new(backfill, part, &options.pace);
    let place = Place { app: &options.app, step: &step.id, part: part.name() };
    let opening = run.worker.begin().await?;
    batch.open(&opening).await?;
    let last = batch.last_key(&opening).await?;
    let total = part.rows_estimate;
    let mut state =
        progress::ensure(&opening, place, total, "rows checked", last.as_deref()).await?;
    opening.commit().await?;
    // An empty part has nothing to fill: rows that come are written under the trigger.
    let Some(until) = state.until.clone() else {
        return Ok(());
    };
    let mut sizer = Sizer::new(&options.pace);
    // Bounded by the table: each round moves the cursor forward or finishes.
    while !state.finished {
        run.check_stop()?;
        let began = Instant::now();
        let look = run.worker.begin().await?;
        batch.open(&look).await?;
        let bounds = batch.next_range(&look, state.cursor.as_deref(), &until, sizer.rows()).await?;
        let Some((upper, rows)) = bounds else {
            progress::advance(&look, place, None, true, Advance::default()).await?;
            return look.commit().await;
        };
        look.rollback().await?;
        let repaired = check_range(run, &batch, place, state.cursor.as_deref(), &upper).await?;
        let transaction = run.worker.begin().await?;
        let added = Advance { done: rows, written: repaired };
        progress::advance(&transaction, place, Some(&upper), false, added).await?;
        transaction.commit().await?;
        state.cursor = Some(upper);
        run.worker.pause(PausePoint::AfterBatch, Some(step)).await;
        let took = began.elapsed();
        sizer.learn(took, rows);
        let pause = took.mul_f64(options.pace.rest_ratio.clamp(0.0, 100.0));
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// Looks at one range; fills it again where rows differ. Returns how many rows that were.
async fn check_range(
    run: &mut StepRun<'_>,
    batch: &Batch<'_>,
    place: Place<'_>,
    lower: Option<&[String]>,
    upper: &[String],
) -> Result<u64, Error> {
    let mut repaired = 0;
    let mut sample = String::new();
    for _ in 0..REPAIR_ROUNDS_MAX {
        let look = run.worker.begin().await?;
        batch.open(&look).await?;
        let (differing, keys) =
            batch.count_differing(&look, place.app, &run.step.id, (lower, upper)).await?;
        look.rollback().await?;
        if differing == 0 {
            return Ok(repaired);
        }
        sample = keys;
        run.check_stop()?;
        let transaction = run.worker.begin().await?;
        batch.open(&transaction).await?;
        let written = batch.fill(&transaction, place.app, &run.step.id, (lower, upper)).await?;
        repaired += written;
        let detail = format!("{differing} rows of {} differed and were filled again", place.part);
        record::event(&transaction, place.app, "rows_differed", Some(&run.step.id), &detail)
            .await?;
        transaction.commit().await?;
        tokio::time::sleep(REPAIR_PAUSE).await;
    }
    Err(Error::NotVerified {
        what: format!("table {}", place.part),
        detail: format!("rows still differ from the expression, e.g. those with the keys {sample}"),
    })
}
