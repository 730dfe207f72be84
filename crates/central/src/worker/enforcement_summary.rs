//! Release 4.10: how often each policy was enforced, from `alerts.enforcement_count`.
//!
//! Needs the schema of 4.10: releases before it have no such worker and could not own it. Counts again in
//! each round, since rows that older releases wrote are filled in the background. A round walks all alerts
//! by key, a piece a turn, so that no statement and no transaction is long; what it has summed up so far is
//! in memory, begun again with each tenure, and written once the round is complete.
//! SQL: `enforcement_summary/`.

use super::WorkerSettings;
use changeover_work::{BoxFuture, SingletonWorker, Tenure, WorkError};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, types::Type};
use uuid::Uuid;

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(300);

/// Between two pieces of a round: a piece takes some ten milliseconds.
const PIECE_PAUSE: Duration = Duration::from_millis(500);

/// Alerts of a piece.
const PIECE_ROWS: i64 = 5_000;

/// The lowest head that has the column it reads.
pub const OWNER_FROM: i64 = 213;

/// A round, as far as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    after: Uuid,
    enforcements: BTreeMap<Uuid, i64>,
}

impl Round {
    /// Adds the next piece; says whether it was the last.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn read(&mut self, transaction: &Client) -> Result<bool, Error> {
        let rows = transaction
            .query_typed(
                include_str!("enforcement_summary/piece.sql"),
                &[(&self.after, Type::UUID), (&PIECE_ROWS, Type::INT8)],
            )
            .await?;
        let mut read = 0;
        for row in &rows {
            *self.enforcements.entry(row.try_get(0)?).or_default() += row.try_get::<_, i64>(1)?;
            read += row.try_get::<_, i64>(2)?;
            self.after = self.after.max(row.try_get(3)?);
        }
        Ok(read < PIECE_ROWS)
    }

    /// Writes what a complete round has summed up; returns how many policies have changed.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn write(&self, transaction: &Client) -> Result<u64, Error> {
        let (policies, enforcements): (Vec<Uuid>, Vec<i64>) = self.enforcements.iter().unzip();
        transaction
            .execute_typed(
                include_str!("enforcement_summary/write.sql"),
                &[(&policies, Type::UUID_ARRAY), (&enforcements, Type::INT8_ARRAY)],
            )
            .await
    }
}

/// The worker, with the round of its tenure.
#[derive(Debug)]
pub(super) struct EnforcementSummary {
    pause: Duration,
    piece_pause: Duration,
    is_in_round: AtomicBool,
    /// Under which token the round was begun, and the round.
    memory: Mutex<Option<((i64, i64), Round)>>,
}

impl EnforcementSummary {
    pub(super) fn new(settings: &WorkerSettings) -> Self {
        Self {
            pause: settings.pause(PAUSE),
            piece_pause: settings.pause(PIECE_PAUSE),
            is_in_round: AtomicBool::new(false),
            memory: Mutex::new(None),
        }
    }
}

impl SingletonWorker for EnforcementSummary {
    fn name(&self) -> &str {
        "enforcement_summary"
    }

    fn pause(&self) -> Duration {
        if self.is_in_round.load(Ordering::Relaxed) { self.piece_pause } else { self.pause }
    }

    fn owner_from(&self) -> i64 {
        OWNER_FROM
    }

    fn turn<'a>(&'a self, tenure: &'a mut Tenure) -> BoxFuture<'a, Result<(), WorkError>> {
        Box::pin(async move {
            let token = tenure.token();
            let mut memory = self.memory.lock().await;
            let transaction = tenure.begin().await?;
            let mut round = match memory.take() {
                Some((of, round)) if of == token => round,
                _ => Round::default(),
            };
            let is_complete = round.read(transaction.client()).await?;
            if is_complete {
                round.write(transaction.client()).await?;
            }
            transaction.commit().await?;
            self.is_in_round.store(!is_complete, Ordering::Relaxed);
            *memory = (!is_complete).then_some((token, round));
            Ok(())
        })
    }
}
