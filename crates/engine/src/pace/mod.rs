//! How fast everything that runs long goes: backfills, checks, the start of builds and validations.
//!
//! One [`Pacer`] a holder. A running step asks it between two batches how long the next may take and
//! rests as long as it says, and before it begins what cannot be slowed down.
//!
//! - `controller`: the control loop, pure; `limits`: between which bounds.
//!
//! Invariants: a rest is bounded but where it may stand still, and ends at once where the process is to stop.

#[allow(dead_code, clippy::allow_attributes, reason = "the sampler is wired in the next step")]
mod controller;
mod limits;
#[cfg(test)]
mod tests;
#[allow(dead_code, clippy::allow_attributes, reason = "the sampler is wired in the next step")]
mod window;

pub(crate) use limits::Limits;

use crate::control::{Control, Wishes};
use crate::error::Error;
use crate::options::{Options, Pace};
use changeover_plan::Step;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Says how fast to go.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    limits: Mutex<Limits>,
    control: Control,
}

#[allow(dead_code, clippy::allow_attributes, reason = "limits are set by the control row, next")]
impl Pacer {
    /// For all steps of a holder.
    pub(crate) fn new(options: &Options, control: Control) -> Self {
        Self { pace: options.pace, limits: Mutex::new(Limits::of(&options.pace)), control }
    }

    /// What the options say, for what an operator has left open.
    pub(crate) fn default_limits(&self) -> Limits {
        Limits::of(&self.pace)
    }

    /// Sets the limits that operators want; what they leave open is as in the options.
    pub(crate) fn heed(&self, wishes: &Wishes) {
        let default = self.default_limits();
        self.set_limits(Limits {
            max_share: wishes.max_share.unwrap_or(default.max_share),
            min_share: wishes.min_share.unwrap_or(default.min_share),
            probe_factor: wishes.probe_factor.unwrap_or(default.probe_factor),
        });
    }

    /// Holds from the next batch on, and for a rest that is under way.
    pub(crate) fn set_limits(&self, limits: Limits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits.sane();
    }

    /// The time that the next batch should take.
    pub(crate) fn batch_target(&self) -> Duration {
        self.pace.batch_target
    }

    /// Rests after a batch that took `took`, then waits while operators have paused.
    /// [`Error::Withheld`] where they have cancelled the step.
    pub(crate) async fn after_batch(
        &self,
        step: &Step,
        took: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let max_share = self.limits.lock().unwrap_or_else(PoisonError::into_inner).max_share;
        let ratio =
            self.pace.rest_ratio.unwrap_or(0.5).clamp(0.0, 1_000.0).max(1.0 / max_share - 1.0);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(took.mul_f64(ratio)) => {}
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
