//! Caches in memory that hear of each other's writes, whichever instance or program wrote.
//!
//! A service makes [`Caches`] once ([`Caches::start`]), and a [`SharedCache`] for each thing that it
//! keeps. Triggers on the watched tables leave notes (`functions_0002.sql` in
//! `crates/ledger/src/bootstrap/sql/cache/`); one task an instance
//! looks for notes that its last snapshot did not see, and drops what they name.
//!
//! Invariants: correct by looking alone, NOTIFY only makes it quicker; a value is handed out only if
//! the last look is younger than the bound; what cannot be told (pruned notes, a trigger that is
//! missing, another server) drops everything or fails, and is never passed over.
//!
//! Promises and bounds for people: `docs/caches.md`.

mod caches;
mod error;
mod listen;
mod look;
mod looker;
mod mending;
mod shared_cache;
mod slots;
mod snapshot;
mod watch;

pub use caches::Caches;
pub use error::CacheError;
pub use looker::CacheTiming;
pub use shared_cache::{Bounds, BoxError, CacheKey, SharedCache, WhenStale};
pub use snapshot::{ChangeToken, NotAToken};
pub use watch::WatchedTable;
