//! How far the standbys are behind, in bytes and in time, beyond what they were without us.
//!
//! Beyond: one that is kept behind on purpose (`recovery_min_apply_delay`) must not hold an upgrade up for ever.

use super::{Input, Reading, Seen, mb};
use crate::pace::look::Look;

/// The worst standby.
#[derive(Debug, Default)]
pub(super) struct ReplicaLag {
    base: Option<(f64, f64)>,
}

impl Input for ReplicaLag {
    fn name(&self) -> &'static str {
        "replica_lag"
    }

    fn learn(&mut self, seen: &Seen<'_>) {
        self.base = Some(lag(seen.look));
    }

    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        seen.look.standby_bytes?;
        let (bytes, ms) = lag(seen.look);
        // Before the first pause: as it was when it was seen first.
        let (base_bytes, base_ms) = *self.base.get_or_insert((bytes, ms));
        let more_bytes = (bytes - base_bytes).max(0.0);
        let more_ms = (ms - base_ms).max(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a bound")]
        let bytes_bound = seen.bounds.replica_lag_bytes.max(1) as f64;
        let ms_bound = (seen.bounds.replica_lag.as_secs_f64() * 1000.0).max(1.0);
        let ratio = (more_bytes / bytes_bound).max(more_ms / ms_bound);
        let says = format!("a standby is {} and {:.1} s behind", mb(bytes), ms / 1000.0);
        Some(Reading::of(ratio, says))
    }

    fn hidden(&self, look: &Look) -> Option<&'static str> {
        (look.hidden_standbys > 0).then_some("the standbys' lag (needs pg_monitor)")
    }
}

fn lag(look: &Look) -> (f64, f64) {
    (look.standby_bytes.unwrap_or(0.0), look.standby_ms.unwrap_or(0.0))
}
