//! What services say of themselves: their p95, against what it was without us (`changeover.latency_report`).

use super::{Input, Reading, Seen};

/// Granted beyond the factor, in ms, as for the probe.
const NOISE_MS: f64 = 1.0;

/// The worst of them.
#[derive(Debug, Default)]
pub(super) struct Reported {
    base_ms: Option<f64>,
}

impl Input for Reported {
    fn name(&self) -> &'static str {
        "reported"
    }

    fn learn(&mut self, seen: &Seen<'_>) {
        self.base_ms = seen.look.reported_ms.or(self.base_ms);
    }

    /// One that comes later than the base gets what it says first as its base.
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        let now = seen.look.reported_ms?;
        let base = *self.base_ms.get_or_insert(now);
        let bound = base * seen.bounds.reported_factor + NOISE_MS;
        Some(Reading::of(
            now / bound,
            format!("a service reports {now:.1} ms instead of {base:.1}"),
        ))
    }
}
