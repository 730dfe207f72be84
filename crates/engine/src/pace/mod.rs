//! How fast everything that runs long goes: backfills, checks, the start of builds and validations.
//!
//! One [`Pacer`] a holder. A running step asks it between two batches how long the next may take and
//! rests as long as it says, and before it begins what cannot be slowed down.
//!
//! - `controller`: the control loop, pure; `limits`: between which bounds.
//! - `governor`: asks the inputs (`input/`) and feeds the controller; `company`: whether anybody else is at work.
//! - `long`: when what cannot be slowed down begins.
//! - `sampler`: the tasks; `prober` measures, `looker` reads the server's statistics and says how fast it goes.
//!
//! Invariants: a rest ends at once where the process is to stop; every other wait is bounded.

mod access;
mod company;
mod controller;
mod governor;
mod input;
mod limits;
mod long;
mod look;
mod looker;
mod prober;
mod sampler;
mod shared;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use limits::Limits;

use crate::control::{Control, Wishes};
use crate::error::Error;
use crate::options::Options;
use crate::term::GuardedConnection;
use access::Access;
use changeover_plan::Step;
use sampler::Sampler;
use shared::{Shared, Standing, locked};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// For how long steps work before their surroundings are watched: two connections are not opened for less.
const UNWATCHED: Duration = Duration::from_millis(200);
/// The longest rest after one batch. A batch that stood still for a minute behind a lock must not be followed by an
/// hour of rest.
const REST_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether it still stands still.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The longest that work stands still for the base; the governor itself waits less.
const HOLD_MAX: Duration = Duration::from_secs(5);

/// Says how fast to go.
#[derive(Debug)]
pub(crate) struct Pacer {
    shared: Arc<Shared>,
    /// `None`: nothing is watched, as on the way back.
    access: Option<Arc<Access>>,
    sampler: Mutex<Option<Sampler>>,
    worked: Mutex<Duration>,
    control: Control,
}

impl Pacer {
    /// One that watches nothing.
    pub(crate) fn new(options: &Options, control: Control) -> Self {
        Self {
            shared: Arc::new(Shared::new(options.pace)),
            access: None,
            sampler: Mutex::new(None),
            worked: Mutex::new(Duration::ZERO),
            control,
        }
    }

    /// For all steps of a holder.
    pub(crate) fn watching(
        options: &Options,
        url: &str,
        worker: &GuardedConnection,
        control: Control,
    ) -> Self {
        let claim = worker.claim();
        let access = Access {
            app: options.app.clone(),
            url: url.to_owned(),
            name: options.application_name(),
            epoch: claim.epoch,
            holder: claim.holder,
        };
        Self { access: Some(Arc::new(access)), ..Self::new(options, control) }
    }

    /// What the options say, for what an operator has left open.
    pub(crate) fn default_limits(&self) -> Limits {
        Limits::of(&self.shared.pace)
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
        *locked(&self.shared.limits) = limits.sane();
    }

    /// The time that the next batch should take.
    pub(crate) fn batch_target(&self) -> Duration {
        if self.shared.pace.rest_ratio.is_some() {
            return self.shared.pace.batch_target;
        }
        self.shared.standing.borrow().course.batch
    }

    /// Rests after a batch that took `took`, then waits while operators have paused.
    /// [`Error::Withheld`] where they have cancelled the step.
    pub(crate) async fn after_batch(
        &self,
        step: &Step,
        took: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let worked = {
            let mut worked = locked(&self.worked);
            *worked += took;
            *worked
        };
        if worked >= UNWATCHED {
            self.watch(step);
        }
        self.shared.is_resting.store(true, Ordering::Relaxed);
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.rest(took) => {}
        }
        let outcome = self.control.between_batches(step, stop).await;
        self.shared.is_resting.store(false, Ordering::Relaxed);
        outcome
    }

    /// Rests for as long as the share says, which may change meanwhile.
    async fn rest(&self, took: Duration) {
        let mut standing = self.shared.standing.subscribe();
        let began = Instant::now();
        loop {
            let until = {
                let now = standing.borrow_and_update();
                self.rest_of(took, &now)
                    .map_or_else(|| Instant::now() + LOOK_AGAIN, |rest| began + rest)
            };
            if Instant::now() >= until {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                // The sender lives as long as this pacer.
                changed = standing.changed() => if changed.is_err() { return },
            }
        }
    }

    /// `None`: it stands still.
    fn rest_of(&self, took: Duration, standing: &Standing) -> Option<Duration> {
        if let Some(ratio) = self.shared.pace.rest_ratio {
            let max_share = locked(&self.shared.limits).max_share;
            return Some(took.mul_f64(ratio.clamp(0.0, 1_000.0).max(1.0 / max_share - 1.0)));
        }
        if standing.hold {
            return Some(HOLD_MAX);
        }
        let share = standing.course.share;
        (share > 0.0).then(|| took.mul_f64((1.0 / share - 1.0).max(0.0)).min(REST_MAX))
    }
}
