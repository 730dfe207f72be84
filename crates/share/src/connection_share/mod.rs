//! All instances of an application together stay within what the server has of connections.
//!
//! Each instance asks for its share at every beat (`changeover.share_v1`) and opens no more than that;
//! a pool takes a permit for each connection, and keeps it until the server has none of it any more.
//! When another release joins, shares shrink: nothing in use is cut, what comes back is closed.
//!
//! Invariants: an instance says that it keeps to less before the difference is given to others, so the
//! sum of what is granted never is above the budget; nobody has more open than granted. SQL:
//! `crates/ledger/src/bootstrap/sql/connection_share/`.
//! For people: `docs/connections.md`.

mod gate;
mod share;

pub use gate::{Gate, Permit};
pub use share::{ConnectionShare, ShareOptions};
