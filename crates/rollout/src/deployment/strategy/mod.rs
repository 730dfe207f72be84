//! How many pods to start and to delete now: one file a strategy, pure functions.
//!
//! The controller counts, asks [`decide`], does it, and asks again when something has changed.

mod recreate;
mod rolling_update;

use super::spec::Strategy;

/// The pods that exist, counted. "New" are those of the wanted template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pods wanted.
    pub(crate) desired: u32,
    /// New pods that are not terminating.
    pub(crate) new: u32,
    /// Of these, those that have been ready for `min_ready`.
    pub(crate) new_available: u32,
    /// Old pods that are not terminating.
    pub(crate) old: u32,
    /// Of these, those available.
    pub(crate) old_available: u32,
    /// Old pods that are terminating: their process may still run.
    pub(crate) old_terminating: u32,
}

/// What to do now. Nothing but zeros: wait for a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// New pods to start.
    pub(crate) create: u32,
    /// New pods to delete, those not available first.
    pub(crate) delete_new: u32,
    /// Old pods to delete that are not available.
    pub(crate) delete_old_unavailable: u32,
    /// Old pods to delete that are available.
    pub(crate) delete_old_available: u32,
}

impl Counts {
    /// Whether the rollout is complete. Old pods may still be terminating.
    pub(crate) fn complete(&self) -> bool {
        self.new == self.desired && self.new_available == self.desired && self.old == 0
    }
}

/// The next step.
pub(crate) fn decide(strategy: Strategy, counts: Counts) -> Step {
    match strategy {
        Strategy::RollingUpdate { max_surge, max_unavailable } => {
            rolling_update::decide(max_surge, max_unavailable, counts)
        }
        Strategy::Recreate => recreate::decide(counts),
    }
}
