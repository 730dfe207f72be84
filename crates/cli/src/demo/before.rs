//! Whether the service is well before anything is upgraded: what an upgrade costs clients cannot be told
//! from what an overload costs them.
//!
//! Called by `run/course.rs` after each measurement of "before". Pure: figures in, a sentence out.

use changeover_rollout::load::Summary;

/// Nothing was upgraded, since the service could not bear the load without an upgrade.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotHealthy(String);

/// The load before the upgrade, measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before<'a> {
    /// Figures of the requests that have ended.
    pub(super) summary: &'a Summary,
    /// Requests under way when the measurement ended.
    pub(super) in_flight: u64,
    /// Requests due per second.
    pub(super) rate_per_second: f64,
    /// The largest p99 that counts as healthy.
    pub(super) p99_ms_max: f64,
}

impl Before<'_> {
    /// Why the service is not well, if it is not.
    pub(super) fn unhealthy(&self) -> Option<NotHealthy> {
        let Summary { requests, failed, turned_away, p99_ms, .. } = *self.summary;
        let mut faults = Vec::new();
        if requests == 0 {
            faults.push("no request was answered".to_owned());
        }
        if failed > 0 {
            faults.push(format!("{failed} of {requests} requests failed ({turned_away} with 503)"));
        }
        if p99_ms > self.p99_ms_max {
            faults.push(format!("p99 is {p99_ms:.0} ms, above {:.0} ms", self.p99_ms_max));
        }
        // As many as come in within the bound may be under way: more of them queue.
        let due_within = self.rate_per_second * self.p99_ms_max / 1_000.0;
        if self.in_flight as f64 > due_within.max(IN_FLIGHT_ALWAYS) {
            faults.push(format!(
                "{} requests are under way: the load is not sustained",
                self.in_flight
            ));
        }
        (!faults.is_empty()).then(|| {
            NotHealthy(format!(
                "release 4.8 alone does not bear {:.0} requests/s on this machine: {}; nothing was \
                 upgraded. Give a lower --rate, fewer --rows, or end what else runs here",
                self.rate_per_second,
                faults.join("; ")
            ))
        })
    }
}

/// At low rates a few under way are no queue.
const IN_FLIGHT_ALWAYS: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::{Before, Summary};

    fn told(change: impl FnOnce(&mut Summary), in_flight: u64) -> String {
        let mut summary = Summary { requests: 3_000, p99_ms: 8.0, ..Summary::default() };
        change(&mut summary);
        let before =
            Before { summary: &summary, in_flight, rate_per_second: 300.0, p99_ms_max: 100.0 };
        before.unhealthy().map_or_else(|| "healthy".to_owned(), |why| why.to_string())
    }

    #[test]
    fn what_keeps_an_upgrade_from_being_measured_is_named() {
        assert_eq!(told(|_| {}, 20), "healthy");
        assert_eq!(told(|summary| summary.p99_ms = 100.0, 30), "healthy");
        for (text, told) in [
            ("p99 is 230 ms, above 100 ms", told(|summary| summary.p99_ms = 230.0, 3)),
            (
                "3 of 3000 requests failed (2 with 503)",
                told(|summary| (summary.failed, summary.turned_away) = (3, 2), 3),
            ),
            ("31 requests are under way: the load is not sustained", told(|_| {}, 31)),
            ("no request was answered", told(|summary| summary.requests = 0, 3)),
        ] {
            assert!(told.contains(text) && told.contains("nothing was upgraded"), "{told}");
        }
    }
}
