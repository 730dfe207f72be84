//! What the instances of two releases have in common: caches in memory, and a server's connections.
//!
//! - [`cache`]: caches that hear of each other's writes.
//! - [`connection_share`]: all instances together stay within what the server has of connections.
//!
//! A service embeds this beside `changeover`; one that only migrates does not need it. The functions of the
//! ledger that are called here are in `crates/ledger/src/bootstrap/sql/`.

pub mod cache;
pub mod connection_share;

// The parts of the ledger and of the engine have the names here that they have there.
use changeover::lock;
use changeover_ledger::{connection, error, instance, options};
