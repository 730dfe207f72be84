//! WAL that waits for being archived: it stays on the disk until it is.

use super::{Input, Reading, Seen, mb};

/// What failing archiving counts as. Above its bound, so that the least share is reached soon: everything that is
/// written now stays on the disk.
const FAILING: f64 = 2.0;

/// The archiver.
#[derive(Debug)]
pub(super) struct Archiver;

impl Input for Archiver {
    fn name(&self) -> &'static str {
        "archiver"
    }

    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        if seen.look.archiving_fails? {
            return Some(Reading::of(FAILING, "archiving of WAL fails".to_owned()));
        }
        let bytes = seen.look.archive_bytes?.max(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a bound")]
        let bound = seen.bounds.archive_backlog_bytes.max(1) as f64;
        Some(Reading::of(bytes / bound, format!("{} of WAL wait for being archived", mb(bytes))))
    }
}
