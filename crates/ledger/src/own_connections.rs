//! How many connections the engine itself has of one instance, beside the service's pool.
//!
//! Counted as they are planned, not as they are open: each of them is opened again after a failure, and
//! must have room then. Begun by the handle, added to by background work when it starts, read by the
//! share at every beat.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Those that live as long as the instance: beat, share, ledger, looks for changes, and one for
/// what is opened for a moment.
const ALWAYS: usize = 5;

/// The number; cheap to clone.
#[derive(Clone, Debug)]
pub struct OwnConnections(Arc<AtomicUsize>);

impl OwnConnections {
    /// Those that every instance has.
    pub fn of_an_instance() -> Self {
        Self(Arc::new(AtomicUsize::new(ALWAYS)))
    }

    /// So many more from now on.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there are now.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
