//! Fills columns of the rows that are there, by ranges of the key; partition by partition.
//!
//! Invariants:
//! - A range and its cursor are committed in one guarded transaction: a crash loses and repeats
//!   nothing, no row is worked twice beyond the open batch.
//! - A range waits for a row lock less than `deadlock_timeout`; then it is done again without the
//!   locked rows, whose keys are kept in the same transaction and revisited: nothing is missed.
//! - Only rows that differ are written. The plan of a range is asserted to be by index.
//! - A part that comes meanwhile is filled too; one that goes is left.
//!
//! The SQL is the plan's, run by `crate::backfill`.

use super::progress::{self, Advance, Place, Progress};
use super::ranges::{self, Work};
use super::{StepRun, sync};
use crate::backfill::{Batch, Part, parts};
use crate::error::Error;
use crate::ledger::record;
use crate::pause::PausePoint;
use changeover_plan::StepId;
use changeover_plan::model::step::Backfill;
use std::time::Duration;

/// How often the skipped rows of a part are revisited before the step gives up for now.
const REVISIT_ROUNDS_MAX: u32 = 600;
/// The pause between two rounds over skipped rows.
const REVISIT_PAUSE: Duration = Duration::from_millis(100);
/// How often it is looked for parts that have come meanwhile. A table that gets partitions faster than
/// they are filled is tried again later.
const LISTINGS_MAX: u32 = 100;

/// Fills and records.
pub(super) async fn run(run: &mut StepRun<'_>, backfill: &Backfill) -> Result<(), Error> {
    sync::require(run, backfill).await?;
    let (step, options) = (run.step, run.options);
    run.begin().await?;

    fill_all(run, backfill, &step.id).await?;
    let end = run.worker.begin().await?;
    progress::tell_parked(&end, &options.app, &step.id).await?;
    record::step_done(&end, &options.app, &step.id).await?;
    end.pause(PausePoint::BeforeCommit, Some(step)).await;
    end.commit().await
}

/// Fills all parts that there are, and those that come meanwhile.
async fn fill_all(run: &mut StepRun<'_>, backfill: &Backfill, step: &StepId) -> Result<(), Error> {
    let mut handled: Vec<Part> = Vec::new();
    for _ in 0..LISTINGS_MAX {
        let mut fresh = parts(&run.watch.client, backfill).await?;
        fresh.retain(|part| !handled.iter().any(|known| known.is(part)));
        if fresh.is_empty() {
            return Ok(());
        }
        fill_parts(run, backfill, step, &fresh).await?;
        handled.extend(fresh);
    }
    Err(Error::Deadline {
        what: format!("filling partitions of {} as they come", backfill.table.plain()),
        limit_ms: u64::from(LISTINGS_MAX),
    })
}

/// Fills some parts, in the name of a step.
pub(super) async fn fill_parts(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    step: &StepId,
    parts: &[Part],
) -> Result<(), Error> {
    // All are entered first, so that what is shown is a share of the whole.
    let mut opened = Vec::new();
    for part in parts {
        let place = Place { app: &run.options.app, step, part: part.name() };
        let batch = Batch::new(backfill, part, run.options, step);
        let outcome = progress::open(run.worker, &batch, place, part, "rows").await;
        if let Some(state) = unless_gone(run, backfill, part, step, outcome).await? {
            opened.push((part, state));
        }
    }
    for (part, state) in opened {
        sync::require(run, backfill).await?;
        let outcome = fill_part(run, backfill, step, part, state).await;
        unless_gone(run, backfill, part, step, outcome).await?;
    }
    for part in parts {
        let outcome = revisit(run, backfill, step, part).await;
        unless_gone(run, backfill, part, step, outcome).await?;
    }
    Ok(())
}

/// A failure is none where the part is no part of the table any more: dropped, detached, renamed (then
/// it comes again under its new name).
pub(super) async fn unless_gone<T>(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    part: &Part,
    step: &StepId,
    outcome: Result<T, Error>,
) -> Result<Option<T>, Error> {
    let error = match outcome {
        Ok(value) => return Ok(Some(value)),
        Err(error @ (Error::TermLost | Error::Stopped)) => return Err(error),
        Err(error) if error.is_connection_lost() || !backfill.partitioned => return Err(error),
        Err(error) => error,
    };
    let left = parts(&run.watch.client, backfill).await?;
    if left.iter().any(|other| other.is(part)) {
        return Err(error);
    }
    let transaction = run.worker.begin().await?;
    let detail = format!("{} is no part of {} any more", part.name(), backfill.table.plain());
    record::event(&transaction, &run.options.app, "part_gone", Some(step), &detail).await?;
    transaction.commit().await?;
    Ok(None)
}

async fn fill_part(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    id: &StepId,
    part: &Part,
    state: Progress,
) -> Result<(), Error> {
    let options = run.options;
    let batch = Batch::new(backfill, part, options, id);
    let place = Place { app: &options.app, step: id, part: part.name() };
    ranges::go_through(run, &batch, place, part, state, Work::Fill).await
}

/// Goes back to the rows that somebody held locked, until none is left.
async fn revisit(
    run: &mut StepRun<'_>,
    backfill: &Backfill,
    step: &StepId,
    part: &Part,
) -> Result<(), Error> {
    let options = run.options;
    let batch = Batch::new(backfill, part, options, step);
    let place = Place { app: &options.app, step, part: part.name() };
    for _ in 0..REVISIT_ROUNDS_MAX {
        run.check_stop()?;
        let transaction = run.worker.begin().await?;
        batch.open(&transaction).await?;
        let revisited = match batch.revisit(&transaction).await? {
            Some(revisited) => {
                let added = Advance { done: 0, written: revisited.written };
                progress::advance(&transaction, place, None, false, added).await?;
                transaction.commit().await?;
                revisited
            }
            None => {
                transaction.rollback().await?;
                batch.revisit_singly(run.worker).await?
            }
        };
        if revisited.left == 0 {
            return Ok(());
        }
        tokio::time::sleep(REVISIT_PAUSE).await;
    }
    Err(Error::Deadline {
        what: format!("waiting for locked rows of {}", part.name()),
        limit_ms: u64::from(REVISIT_ROUNDS_MAX) * 100,
    })
}
