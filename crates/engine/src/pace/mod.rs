//! How fast everything that runs long goes: backfills, checks, the start of builds and validations.
//!
//! One [`Pacer`] a holder. A running step asks it between two batches how long the next may take and
//! rests as long as it says, and before it begins what cannot be slowed down.
//!
//! Invariants: a rest is bounded, and ends at once where the process is to stop.

use crate::error::Error;
use crate::options::{Options, Pace};
use changeover_plan::Step;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Says how fast to go.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
}

impl Pacer {
    /// For all steps of a holder.
    pub(crate) fn new(options: &Options) -> Self {
        Self { pace: options.pace }
    }

    /// The time that the next batch should take.
    pub(crate) fn batch_target(&self) -> Duration {
        self.pace.batch_target
    }

    /// Rests after a batch that took `took`.
    pub(crate) async fn after_batch(
        &self,
        _step: &Step,
        took: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let rest = took.mul_f64(self.pace.rest_ratio.clamp(0.0, 100.0));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
        Ok(())
    }

    /// Waits until a step may begin a statement that cannot be slowed down once it runs.
    pub(crate) async fn before_long(
        &self,
        _step: &Step,
        _stop: &CancellationToken,
    ) -> Result<(), Error> {
        Ok(())
    }
}
