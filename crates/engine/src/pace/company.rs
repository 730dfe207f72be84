//! Whether sessions other than the engine's are at work.
//!
//! Alone, nobody has to be given way to: long batches and no probes.

/// Looks that are remembered: three seconds.
const LOOKS: u32 = 12;
/// In how many of them somebody must have been at work. More than one statement leaves behind (a look sees what
/// was done in the last 600 ms): a monitor that asks every fifteen seconds is no company.
const LOOKS_WITH: u32 = 4;

/// The last looks, one bit each.
#[derive(Debug, Default)]
pub(super) struct Company {
    looks: u32,
}

impl Company {
    /// Notes a look.
    pub(super) fn note(&mut self, at_work: i64) {
        self.looks = ((self.looks << 1) | u32::from(at_work > 0)) & ((1 << LOOKS) - 1);
    }

    /// Whether there is.
    pub(super) fn is_there(&self) -> bool {
        self.looks.count_ones() >= LOOKS_WITH
    }
}
