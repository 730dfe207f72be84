//! One connection that works on ranges, each in a guarded transaction of two round trips: one begins and
//! works, one writes the cursor, commits, and finds the range after.
//!
//! A range that fails is gone through by fewer rows, within its bounds: the lanes beside are not held up.

use super::repair::repair;
use super::tail::{Found, Tail};
use super::{Course, Work};
use crate::backfill::{Batch, Differing, Filled, FilledRange, Prepared, Range};
use crate::error::Error;
use crate::pause::PausePoint;
use crate::step::progress::{self, Advance};
use crate::term::{GuardedConnection, GuardedTransaction};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Statement};

/// Lanes wait for each other where they write the progress, for as long as a commit takes; not for as short
/// as for a client's row.
const PATIENT: &str = "SET LOCAL lock_timeout = '10s'";

/// A connection with a part's statements.
pub(super) struct Lane<'w> {
    pub(super) worker: &'w mut GuardedConnection,
    prepared: Prepared,
    advance: Statement,
}

/// A range, or a piece of one.
#[derive(Clone, Copy)]
struct Piece<'a> {
    number: u64,
    range: Range<'a>,
    /// Whether the range ends with it.
    whole: bool,
}

impl<'w> Lane<'w> {
    /// Prepares the statements.
    pub(super) async fn open(
        batch: &Batch<'_>,
        worker: &'w mut GuardedConnection,
        work: Work,
    ) -> Result<Self, Error> {
        let prepared = match work {
            Work::Fill => batch.prepare_to_fill(worker).await?,
            Work::Check => batch.prepare_to_check(worker).await?,
        };
        let advance = progress::prepare(worker.unguarded()).await?;
        Ok(Self { worker, prepared, advance })
    }

    /// Finds the next range, unless it is found already.
    pub(super) async fn find(
        &self,
        batch: &Batch<'_>,
        tail: &mut Tail,
        until: &[String],
    ) -> Result<(), Error> {
        if tail.is_wanted() {
            let (client, asked) = (self.worker.unguarded(), tail.sizer.rows());
            let bounds = (tail.last.as_deref(), until);
            let found = batch.look_ahead(client, &self.prepared, bounds, asked).await?;
            tail.note(found, asked);
        }
        Ok(())
    }

    /// Works until no range is left, or another lane has failed.
    pub(super) async fn work(&mut self, course: &Course<'_>) -> Result<(), Error> {
        let outcome = self.ranges(course).await;
        if outcome.is_err() {
            course.halt.cancel();
        }
        outcome
    }

    async fn ranges(&mut self, course: &Course<'_>) -> Result<(), Error> {
        // Bounded by the table: each round takes a later range.
        while !course.halt.is_cancelled() {
            course.check_stop()?;
            let found = {
                let mut tail = course.tail.lock().await;
                self.find(course.batch, &mut tail, course.until).await?;
                match tail.ahead.take() {
                    Some(found) => found,
                    None => return Ok(()),
                }
            };
            let piece = Piece { number: found.number, range: found.range(), whole: true };
            let Some(took) = self.piece(course, piece).await? else {
                self.by_fewer(course, &found).await?;
                continue;
            };
            let target = course.pace.batch_target();
            course.tail.lock().await.sizer.learn(took, found.rows, found.asked, target);
            course.pace.after_batch(course.step, took, course.stop).await?;
        }
        Ok(())
    }

    /// Goes through a range that has failed by fewer rows.
    async fn by_fewer(&mut self, course: &Course<'_>, found: &Found) -> Result<(), Error> {
        let mut sizer = {
            let mut tail = course.tail.lock().await;
            tail.sizer.halve(found.rows);
            tail.sizer.clone()
        };
        let mut lower = found.lower.clone();
        // Bounded by the range: each round moves forward, or takes fewer rows.
        loop {
            course.check_stop()?;
            let bounds = (lower.as_deref(), found.upper.as_slice());
            let (client, asked) = (self.worker.unguarded(), sizer.rows());
            let next = course.batch.look_ahead(client, &self.prepared, bounds, asked).await?;
            // Rows may be gone meanwhile: then its end has none.
            let (upper, rows) = next.unwrap_or_else(|| (found.upper.clone(), 0));
            let whole = upper == found.upper;
            let range = Range { lower: lower.as_deref(), upper: &upper, rows };
            let piece = Piece { number: found.number, range, whole };
            let Some(took) = self.piece(course, piece).await? else {
                sizer.halve(rows);
                continue;
            };
            sizer.learn(took, rows, asked, course.pace.batch_target());
            course.pace.after_batch(course.step, took, course.stop).await?;
            if whole {
                return Ok(());
            }
            lower = Some(upper);
        }
    }

    /// Works on a piece and commits it with what the ledger says of it; `None`: it must be done by fewer rows.
    async fn piece(
        &mut self,
        course: &Course<'_>,
        piece: Piece<'_>,
    ) -> Result<Option<Duration>, Error> {
        let began = Instant::now();
        let worked = match course.work {
            Work::Fill => {
                let FilledRange { transaction, filled } =
                    course.batch.begin_filled(self.worker, &self.prepared, piece.range).await?;
                (transaction, filled)
            }
            Work::Check => {
                let looked = course.batch.begin_checked(self.worker, &self.prepared, piece.range);
                match looked.await? {
                    (transaction, Differing::Rows(0, _)) => (transaction, Filled::Written(0)),
                    (transaction, Differing::TooMany) => (transaction, Filled::TooMany),
                    (transaction, differing) => {
                        transaction.rollback().await?;
                        let (worker, prepared) = (&mut *self.worker, &self.prepared);
                        let filled =
                            repair(worker, prepared, course, piece.range, differing).await?;
                        (self.worker.begin().await?, filled)
                    }
                }
            }
        };
        let (transaction, filled) = worked;
        let Filled::Written(written) = filled else {
            transaction.rollback().await?;
            return Ok(None);
        };
        if course.work == Work::Fill {
            transaction.pause(PausePoint::BeforeCommit, Some(course.step)).await;
        }
        commit(transaction, course, (&self.prepared, &self.advance), piece, written).await?;
        self.worker.pause(PausePoint::AfterBatch, Some(course.step)).await;
        Ok(Some(began.elapsed()))
    }
}

/// Commits, and finds the range after it in the same round trip where no other lane is about to.
async fn commit(
    transaction: GuardedTransaction<'_>,
    course: &Course<'_>,
    (prepared, advance): (&Prepared, &Statement),
    piece: Piece<'_>,
    written: u64,
) -> Result<(), Error> {
    let Piece { number, range, whole } = piece;
    let save = course.watermark().before(number, range.upper, range.rows, whole);
    let epoch = transaction.epoch();
    let last = async |client: &Client| {
        let added = Advance { done: save.done, written };
        let saved = progress::write(
            client,
            advance,
            epoch,
            course.place,
            (save.cursor.as_deref(), false),
            added,
        );
        if course.lanes == 1 {
            return saved.await;
        }
        let (patient, saved) = tokio::join!(biased; client.batch_execute(PATIENT), saved);
        patient.map_err(|source| Error::sql("writing the progress", source))?;
        saved
    };
    let tail = course.tail.try_lock().ok().filter(|tail| whole && tail.is_wanted());
    let found = match &tail {
        None => {
            transaction.commit_with(last, async |_| ()).await?;
            None
        }
        Some(tail) => {
            let (bounds, asked) = ((tail.last.as_deref(), course.until), tail.sizer.rows());
            let look = async |client: &Client| {
                course.batch.look_ahead(client, prepared, bounds, asked).await
            };
            Some((transaction.commit_with(last, look).await?, asked))
        }
    };
    course.watermark().committed(number, range.upper, range.rows, whole, &save);
    if let (Some(mut tail), Some((found, asked))) = (tail, found) {
        tail.note(found?, asked);
    }
    Ok(())
}
