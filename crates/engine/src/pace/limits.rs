//! Between which bounds the controller may choose: what an operator or the options say.
//!
//! Set by the holder between two batches ([`super::Pacer::set_limits`]), read by controller and sampler.

use crate::options::Pace;
use std::time::Duration;

/// What may be changed while a step runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    /// The share of the time that is worked at most, above 0, to 1.
    pub(crate) max_share: f64,
    /// The share that is worked at least; 0: may stand still.
    pub(crate) min_share: f64,
    /// By which factor of its base the probe's p95 may grow, from 1.
    pub(crate) probe_factor: f64,
}

impl Limits {
    /// The options' own.
    pub(crate) fn of(pace: &Pace) -> Self {
        Self {
            max_share: pace.max_share,
            min_share: pace.min_share,
            probe_factor: pace.probe_factor,
        }
        .sane()
    }

    /// Within what makes sense, whatever was given.
    pub(crate) fn sane(self) -> Self {
        // NaN is put right too: `clamp` hands it on, and every comparison with it is false.
        let or = |value: f64, default: f64| if value.is_nan() { default } else { value };
        let max_share = or(self.max_share, 1.0).clamp(SHARE_LEAST, 1.0);
        Self {
            max_share,
            min_share: or(self.min_share, 0.0).clamp(0.0, max_share),
            probe_factor: or(self.probe_factor, 1.0).max(1.0),
        }
    }
}

/// The least share above none at all. One percent: a batch of 8 ms every 0.8 s; slower, a batch's own warming up
/// is all that is done.
pub(super) const SHARE_LEAST: f64 = 0.01;

/// What the controller may choose from at this moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) limits: Limits,
    /// The time that a batch takes while resting suffices.
    pub(super) batch_longest: Duration,
    /// The time that it takes at the least effort.
    pub(super) batch_shortest: Duration,
}
