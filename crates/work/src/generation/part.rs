//! One kind of background work, and what became of it when the process was told to go. Called by
//! `background/` when it starts and drains and, where the instance had to join again, by the member's loop.

use crate::error::Error;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// What a member wakes.
pub(crate) trait Part: Send + Sync {
    /// Says in the ledger what this instance can do. Also called after joining again.
    fn declare(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Starts the loops. They end with the member ([`super::Member::stopped`]).
    fn start(&self);

    /// Begins nothing new, lets what runs end until then, gives the rest back.
    fn drain(&self, until: Instant) -> BoxFuture<'_, DrainReport>;
}

/// What a drain did. Empty lists: there was nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Workers that a named successor has now.
    pub handed_over: Vec<String>,
    /// Workers given back with nobody ready to have them: they are free for the one that comes.
    pub given_back: Vec<String>,
    /// Workers and jobs whose unit of work did not end within the budget: it was cancelled and rolled
    /// back, and the one that owns it next does it again.
    pub cut: Vec<String>,
    /// Jobs that were claimed and not begun, returned without counting as an attempt.
    pub jobs_returned: u64,
}

impl DrainReport {
    /// Whether every unit of work that had begun has ended by itself.
    pub fn is_clean(&self) -> bool {
        self.cut.is_empty()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.handed_over.extend(other.handed_over);
        self.given_back.extend(other.given_back);
        self.cut.extend(other.cut);
        self.jobs_returned += other.jobs_returned;
    }
}
