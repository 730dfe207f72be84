//! Goes through a part of a table by ranges of its key: to fill them, or to look whether they are right. On one
//! connection, or on several at once ([`Pace::parallel`](crate::Pace)).
//!
//! Called by `backfill.rs` and `backfill_check.rs`. `lane` is what one connection does; `tail` finds the
//! ranges, in order, for all lanes; `watermark` says which cursor may be written.
//!
//! Invariants: ranges are disjoint, so lanes never wait for each other's rows; a range and what the ledger
//! says of it are committed in one guarded transaction; the cursor passes over nothing that is not committed.

mod lane;
mod repair;
mod tail;
mod watermark;

use super::StepRun;
use super::progress::{self, Advance, Place, Progress};
use crate::backfill::{Batch, Part, Range, Sizer};
use crate::error::{Error, chain};
use crate::hold::owner_url;
use crate::options::Pace;
use crate::pace::Pacer;
use crate::term::GuardedConnection;
use changeover_plan::Step;
use futures_util::future::join_all;
use lane::Lane;
use std::sync::{Mutex, PoisonError};
use tail::Tail;
use tokio_util::sync::CancellationToken;
use watermark::Watermark;

/// Parts of fewer rows than this for each connection are gone through on fewer connections.
const LANE_ROWS_MIN: u64 = 10_000;

/// What is done with each range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Its rows are filled.
    Fill,
    /// Its rows are looked at, and filled again where they differ.
    Check,
}

/// What all lanes share.
pub(super) struct Course<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) place: Place<'a>,
    until: &'a [String],
    work: Work,
    step: &'a Step,
    pace: &'a Pacer,
    stop: &'a CancellationToken,
    /// Cancelled by the first lane that fails.
    halt: CancellationToken,
    tail: tokio::sync::Mutex<Tail>,
    watermark: Mutex<Watermark>,
    lanes: usize,
}

impl Course<'_> {
    /// Fails with [`Error::Stopped`] once the process is to stop.
    pub(super) fn check_stop(&self) -> Result<(), Error> {
        if self.stop.is_cancelled() { Err(Error::Stopped) } else { Ok(()) }
    }

    fn watermark(&self) -> std::sync::MutexGuard<'_, Watermark> {
        self.watermark.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes through one part from its cursor on.
pub(super) async fn go_through(
    run: &mut StepRun<'_>,
    batch: &Batch<'_>,
    place: Place<'_>,
    part: &Part,
    state: Progress,
    work: Work,
) -> Result<(), Error> {
    // An empty part has nothing to fill: rows that come are written under the trigger.
    let (Some(until), false) = (state.until, state.finished) else {
        return Ok(());
    };
    open_lanes(run, part).await;
    let lanes = 1 + run.beside.len();
    let mut first = Lane::open(batch, run.worker, work).await?;
    let mut tail = Tail::new(Sizer::new(&run.options.pace), state.cursor);
    first.find(batch, &mut tail, &until).await?;
    if let Some(found) = &tail.ahead
        && work == Work::Fill
    {
        assert_by_index(batch, first.worker, found.range()).await?;
    }
    let course = Course {
        batch,
        place,
        until: &until,
        work,
        step: run.step,
        pace: run.pace,
        stop: run.stop,
        halt: CancellationToken::new(),
        tail: tokio::sync::Mutex::new(tail),
        watermark: Mutex::new(Watermark::default()),
        lanes,
    };
    let beside = run.beside.iter_mut().map(async |worker| {
        let mut lane = Lane::open(batch, worker, work).await?;
        lane.work(&course).await
    });
    let (own, others) = tokio::join!(first.work(&course), join_all(beside));
    let outcomes = std::iter::once(own).chain(others);
    outcomes.collect::<Result<Vec<()>, Error>>()?;
    let rest = course.watermark().rest();
    let end = run.worker.begin().await?;
    let added = Advance { done: rest.done, written: 0 };
    progress::advance(&end, place, rest.cursor.as_deref(), true, added).await?;
    end.commit().await
}

async fn assert_by_index(
    batch: &Batch<'_>,
    worker: &mut GuardedConnection,
    range: Range<'_>,
) -> Result<(), Error> {
    let transaction = worker.begin().await?;
    batch.open(&transaction).await?;
    batch.assert_by_index(&transaction, range).await?;
    transaction.rollback().await
}

/// Opens connections beside the first, as many as the pace allows and the part is worth. Where the server has
/// none to give, it goes on with those that there are.
async fn open_lanes(run: &mut StepRun<'_>, part: &Part) {
    // 0: the server does not know yet.
    let worth = match part.rows_estimate {
        0 => usize::MAX,
        rows => usize::try_from(rows / LANE_ROWS_MIN).unwrap_or(usize::MAX),
    };
    let Pace { parallel, .. } = run.options.pace;
    let wanted = usize::try_from(parallel).unwrap_or(1).min(worth).saturating_sub(1);
    while run.beside.len() < wanted {
        let opened = match owner_url(run.options) {
            Ok(url) => run.worker.open_beside(run.options, url).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(worker) => run.beside.push(worker),
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    lanes = 1 + run.beside.len(),
                    "no more connections to go through a table in parallel"
                );
                return;
            }
        }
    }
}
