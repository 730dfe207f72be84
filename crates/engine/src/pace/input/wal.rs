//! WAL that everybody writes in a second, where the options bound it.

use super::{Input, Reading, Seen, mb};
use std::time::Duration;

/// Over which time the rate is measured: batches come in bursts.
const OVER: Duration = Duration::from_secs(1);

/// The rate.
#[derive(Debug, Default)]
pub(super) struct Wal {
    from: Option<f64>,
    over: Duration,
    rate: f64,
}

impl Input for Wal {
    fn name(&self) -> &'static str {
        "wal"
    }

    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        let bound = seen.bounds.wal_bytes_per_second?;
        let position = seen.look.wal_position;
        let from = *self.from.get_or_insert(position);
        self.over += seen.elapsed;
        if self.over >= OVER {
            self.rate = (position - from).max(0.0) / self.over.as_secs_f64();
            self.from = Some(position);
            self.over = Duration::ZERO;
        }
        #[expect(clippy::cast_precision_loss, reason = "a bound")]
        let bound = bound.max(1) as f64;
        let says =
            format!("{} of WAL are written a second, {} are borne", mb(self.rate), mb(bound));
        Some(Reading::of(self.rate / bound, says))
    }
}
