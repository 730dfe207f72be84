//! How long a lease may be used, by the holder's own clock. Time decides only when a takeover may happen,
//! never whether a write of an old holder may commit.

use std::time::Duration;

/// How long before the lease's end the holder stops by itself: time for what it has sent to arrive.
const SELF_STOP_MARGIN_MAX: Duration = Duration::from_secs(1);

/// How much of a lease its holder uses, counted from when the last good renewal was sent.
pub fn usable(lease: Duration) -> Duration {
    lease - (lease / 5).min(SELF_STOP_MARGIN_MAX)
}

pub use crate::number::milliseconds;
