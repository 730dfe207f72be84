//! How fast everything that runs long goes: backfills, checks, the start of builds and validations.
//!
//! One [`Pacer`] a holder. A running step asks it between two batches how long the next may take and
//! rests as long as it says, and before it begins what cannot be slowed down.
//!
//! Invariants: a rest is bounded, and ends at once where the process is to stop.

use crate::control::Control;
use crate::error::Error;
use crate::options::{Options, Pace};
use changeover_plan::Step;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest rest, as a multiple of the batch: a share of 1 %.
const REST_RATIO_MAX: f64 = 100.0;

/// Says how fast to go.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    control: Control,
}

impl Pacer {
    /// For all steps of a holder.
    pub(crate) fn new(options: &Options, control: Control) -> Self {
        Self { pace: options.pace, control }
    }

    /// The time that the next batch should take.
    pub(crate) fn batch_target(&self) -> Duration {
        self.pace.batch_target
    }

    /// Rests after a batch that took `took`, at least so long that no more than the operators' share of the
    /// time is worked; then waits while they have paused. [`Error::Withheld`] where they have cancelled it.
    pub(crate) async fn after_batch(
        &self,
        step: &Step,
        took: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let wanted = self.control.wishes().max_share.map_or(0.0, rest_for_share);
        let rest = took.mul_f64(self.pace.rest_ratio.max(wanted).clamp(0.0, REST_RATIO_MAX));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
        self.control.between_batches(step, stop).await
    }

    /// Waits until a step may begin a statement that cannot be slowed down once it runs.
    /// [`Error::Withheld`] where operators do not want it now.
    pub(crate) async fn before_long(
        &self,
        step: &Step,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        self.control.before_long(step, stop).await
    }
}

/// The rest that leaves this share of the time for work, as a multiple of the work.
fn rest_for_share(share: f64) -> f64 {
    1.0 / share.max(f64::EPSILON) - 1.0
}
