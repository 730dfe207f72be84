//! What follows where a check finds rows that differ: their range is filled once more, and looked at again.
//!
//! Called by a lane. Bounded; at its end some of the rows are named.

use super::Course;
use crate::backfill::{Differing, Filled, Prepared, Range};
use crate::error::Error;
use crate::ledger::record;
use crate::term::GuardedConnection;
use std::time::Duration;

/// How often a range that differs is filled and looked at again: rows may be locked meanwhile.
const REPAIR_ROUNDS_MAX: u32 = 50;
/// The pause between two of these rounds.
const REPAIR_PAUSE: Duration = Duration::from_millis(100);

/// Fills a range again in which rows differ, until none does. Every trigger fires: where a batch's own
/// values were not what the trigger computes, its are. Returns how many rows that were.
pub(super) async fn repair(
    worker: &mut GuardedConnection,
    prepared: &Prepared,
    course: &Course<'_>,
    range: Range<'_>,
    differing: Differing,
) -> Result<Filled, Error> {
    let (batch, place) = (course.batch, course.place);
    let mut repaired = 0;
    let mut found = differing;
    for _ in 0..REPAIR_ROUNDS_MAX {
        let differing = match &found {
            Differing::Rows(0, _) => return Ok(Filled::Written(repaired)),
            Differing::Rows(differing, _) => *differing,
            Differing::TooMany => return Ok(Filled::TooMany),
        };
        course.check_stop()?;
        let transaction = worker.begin().await?;
        batch.open(&transaction).await?;
        let Filled::Written(written) = batch.fill(&transaction, range).await? else {
            return Ok(Filled::TooMany);
        };
        repaired += written;
        let detail = format!("{differing} rows of {} differed and were filled again", place.part);
        record::event(&transaction, place.app, "rows_differed", Some(place.step), &detail).await?;
        transaction.commit().await?;
        tokio::time::sleep(REPAIR_PAUSE).await;
        let (look, again) = batch.begin_checked(worker, prepared, range).await?;
        look.rollback().await?;
        found = again;
    }
    let sample = match found {
        Differing::Rows(0, _) => return Ok(Filled::Written(repaired)),
        Differing::Rows(_, sample) => sample,
        Differing::TooMany => return Ok(Filled::TooMany),
    };
    Err(Error::NotVerified {
        what: format!("table {}", place.part),
        detail: format!("rows still differ from the expression, e.g. those with the keys {sample}"),
    })
}
