//! An autovacuum of the very table: both read and write the same pages, and it clears up behind the backfill.

use super::{Input, Reading, Seen};

/// The share that is left to the backfill meanwhile. A cap and nothing to regulate: a vacuum of a large table takes
/// hours, and going slower doesn't end it; half leaves the disk to both.
const CAP: f64 = 0.5;

/// Whether there is one.
#[derive(Debug)]
pub(super) struct Autovacuum;

impl Input for Autovacuum {
    fn name(&self) -> &'static str {
        "autovacuum"
    }

    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        let says = "the table is being vacuumed".to_owned();
        seen.look.is_vacuumed.then_some(Reading { ratio: 0.0, cap: CAP, says })
    }
}
