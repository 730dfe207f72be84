//! Proves, by ranges over the whole table, that a backfill left no row that differs.
//!
//! By ranges, since one long snapshot would stall vacuum and index builds. The trigger must stand,
//! always enabled, before and after: then a row found equal stays equal. Rows that differ are
//! filled once more and looked at again; if they still differ, the step fails and names some.

use super::backfill::unless_gone;
use super::progress::{self, Advance, Place, Progress};
use super::{StepRun, sync};
use crate::backfill::{Batch, Differing, Filled, Part, Range, Sizer, parts};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::StepId;
use changeover_plan::model::step::Backfill;
use std::time::{Duration, Instant};

/// How often a range that differs is filled and looked at again: rows may be locked meanwhile.
const REPAIR_ROUNDS_MAX: u32 = 50;
/// The pause between two of these rounds.
const REPAIR_PAUSE: Duration = Duration::from_millis(100);

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
    mut state: Progress,
) -> Result<(), Error> {
    let (step, options) = (run.step, run.options);
    let batch = Batch::new(backfill, part, options, id);
    let place = Place { app: &options.app, step: id, part: part.name() };
    // An empty part has nothing to fill: rows that come are written under the trigger.
    let Some(until) = state.until.clone() else {
        return Ok(());
    };
    let mut sizer = Sizer::new(&options.pace);
    // Bounded by the table: each round moves the cursor forward, takes fewer rows, or finishes.
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
        let range = Range { lower: state.cursor.as_deref(), upper: &upper, rows };
        let Filled::Written(repaired) = check_range(run, &batch, place, range).await? else {
            sizer.halve(rows);
            continue;
        };
        let transaction = run.worker.begin().await?;
        let added = Advance { done: rows, written: repaired };
        progress::advance(&transaction, place, Some(&upper), false, added).await?;
        transaction.commit().await?;
        state.cursor = Some(upper);
        run.worker.pause(PausePoint::AfterBatch, Some(step)).await;
        let took = began.elapsed();
        sizer.learn(took, rows, run.pace.batch_target());
        run.pace.after_batch(step, took, run.stop).await?;
    }
    Ok(())
}

/// Looks at one range; fills it again where rows differ. Returns how many rows that were.
async fn check_range(
    run: &mut StepRun<'_>,
    batch: &Batch<'_>,
    place: Place<'_>,
    range: Range<'_>,
) -> Result<Filled, Error> {
    let mut repaired = 0;
    let mut sample = String::new();
    for _ in 0..REPAIR_ROUNDS_MAX {
        let look = run.worker.begin().await?;
        batch.open(&look).await?;
        let found = batch.count_differing(&look, range).await?;
        look.rollback().await?;
        let differing = match found {
            Differing::Rows(0, _) => return Ok(Filled::Written(repaired)),
            Differing::Rows(differing, keys) => {
                sample = keys;
                differing
            }
            Differing::TooMany => return Ok(Filled::TooMany),
        };
        run.check_stop()?;
        let transaction = run.worker.begin().await?;
        batch.open(&transaction).await?;
        let Filled::Written(written) = batch.fill(&transaction, range).await? else {
            return Ok(Filled::TooMany);
        };
        repaired += written;
        let detail = format!("{differing} rows of {} differed and were filled again", place.part);
        record::event(&transaction, place.app, "rows_differed", Some(place.step), &detail).await?;
        transaction.commit().await?;
        tokio::time::sleep(REPAIR_PAUSE).await;
    }
    Err(Error::NotVerified {
        what: format!("table {}", place.part),
        detail: format!("rows still differ from the expression, e.g. those with the keys {sample}"),
    })
}
