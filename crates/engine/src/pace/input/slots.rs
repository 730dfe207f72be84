//! WAL that a replication slot holds back: what is too much fills the disk, or loses the slot.

use super::{Input, Reading, Seen, mb};

/// The slot that holds back the most.
#[derive(Debug)]
pub(super) struct Slots;

impl Input for Slots {
    fn name(&self) -> &'static str {
        "slots"
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds")]
    fn read(&mut self, seen: &Seen<'_>) -> Option<Reading> {
        let bytes = seen.look.slot_bytes?;
        // Half of what the server keeps: beyond all of it the slot is lost.
        let bound = match seen.look.slot_keep_mb {
            keep_mb if keep_mb >= 0 => (keep_mb as f64) * f64::from(1 << 20) / 2.0,
            _ => seen.bounds.slot_wal_bytes as f64,
        };
        let says = format!("a replication slot holds back {}, {} are borne", mb(bytes), mb(bound));
        Some(Reading::of(bytes / bound.max(1.0), says))
    }
}
