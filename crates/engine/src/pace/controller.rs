//! The control loop: an integral controller in log space, with split range and anti-windup.
//!
//! Fed by the sampler with the worst input as observed / bound (1.0: at its bound). One value, the *effort* from 1
//! (full speed) to 0, is moved against the logarithm of that: doubling and halving weigh the same, and no input
//! needs a unit. Split range: the upper part of the effort is the share of the time that is worked (on a
//! logarithmic scale too), the lower part the length of a batch, at the least share. Pure: time is passed in.
//!
//! Invariants: the share is never above `max_share` nor below `min_share`; the effort never leaves what has
//! an effect, so that nothing has to be unwound once the input has recovered.

use super::limits::{Reach, SHARE_LEAST};
use std::time::Duration;

/// Where the split range is divided: above it the share changes, below it the batch. Resting works without a
/// price but time; short batches cost commits, so they come last and get the smaller part.
const SPLIT: f64 = 0.25;
/// Effort lost in a second at e times the bound. From full speed to the least share in less than a second: clients
/// feel every slow batch, and the window behind the input is not much longer.
const ATTACK: f64 = 1.0;
/// Effort won in a second at 1/e of the bound: the share grows by two thirds a second at most, from the least to full
/// speed in seven. Slower than the attack, or noise around the bound would average to a share above it; at 0.5 it
/// swung between a twentieth and full speed on a noisy machine, since a window of 1.5 s answers later than that.
const RECOVERY: f64 = 0.2;
/// A further deviation counts as this. Upwards e times the bound, however slow a probe; downwards the bound by
/// two: an input that is far away (no replica lags) must not win more than one that is near.
const ABOVE_MAX: f64 = 1.0;
const BELOW_MAX: f64 = 0.6;
/// One look counts for no longer than this: after a stall of the sampler a single value must not decide.
const ELAPSED_MAX: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    /// The share of the time that is worked.
    pub(super) share: f64,
    /// The time that a batch takes.
    pub(super) batch: Duration,
}

/// The loop's only state.
#[derive(Debug)]
pub(super) struct Controller {
    effort: f64,
}

impl Controller {
    /// At full speed.
    pub(super) fn new() -> Self {
        Self { effort: 1.0 }
    }

    /// Learns what the worst input says, `elapsed` after the last time. Infinite: nothing is known, which is the
    /// worst.
    pub(super) fn observe(&mut self, worst: f64, elapsed: Duration, reach: &Reach) {
        let seconds = elapsed.min(ELAPSED_MAX).as_secs_f64();
        let deviation =
            if worst.is_nan() { f64::INFINITY } else { worst.max(f64::MIN_POSITIVE).ln() };
        let deviation = deviation.clamp(-BELOW_MAX, ABOVE_MAX);
        let gain = if deviation > 0.0 { ATTACK } else { RECOVERY };
        // Anti-windup: the effort stays where it has an effect.
        self.effort = (self.effort - gain * deviation * seconds).clamp(0.0, ceiling(reach));
    }

    /// Goes no faster than `share` from here on, until the inputs allow it. For what is known before it is felt.
    pub(super) fn at_most(&mut self, share: f64, reach: &Reach) {
        self.effort = self.effort.min(effort_of(share, reach));
    }

    /// Whether no further input can slow it down.
    pub(super) fn is_at_floor(&self) -> bool {
        self.effort <= 0.0
    }

    /// What follows from the effort.
    pub(super) fn course(&self, reach: &Reach) -> Course {
        let least = least_share(reach);
        let effort = self.effort.min(ceiling(reach));
        let above = ((effort - SPLIT) / (1.0 - SPLIT)).clamp(0.0, 1.0);
        let below = (effort / SPLIT).clamp(0.0, 1.0);
        let stands = effort <= 0.0 && reach.limits.min_share <= 0.0;
        let share = if stands { 0.0 } else { least.powf(1.0 - above).min(reach.limits.max_share) };
        let (longest, shortest) =
            (reach.batch_longest.as_secs_f64(), reach.batch_shortest.as_secs_f64());
        let shortest = shortest.min(longest);
        // Logarithmic as the share is.
        let batch = Duration::from_secs_f64(longest.powf(below) * shortest.powf(1.0 - below));
        Course {
            share,
            batch: batch.clamp(reach.batch_shortest.min(reach.batch_longest), reach.batch_longest),
        }
    }
}

/// The least share above standing still.
fn least_share(reach: &Reach) -> f64 {
    reach.limits.min_share.max(SHARE_LEAST).min(reach.limits.max_share)
}

/// The effort beyond which nothing gets faster.
fn ceiling(reach: &Reach) -> f64 {
    effort_of(reach.limits.max_share, reach)
}

fn effort_of(share: f64, reach: &Reach) -> f64 {
    let least = least_share(reach);
    if least >= 1.0 {
        return 1.0;
    }
    let above = 1.0 - share.clamp(least, 1.0).ln() / least.ln();
    SPLIT + (1.0 - SPLIT) * above
}
