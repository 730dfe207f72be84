//! Takes part in background work: joins with a generation, keeps the switch and the owners settled.
//!
//! A member polls (`settle_v1`), hears of hand-overs by NOTIFY where there is a direct connection, and
//! wakes the parts after each. Polling suffices: behind a pooler there is no NOTIFY. Called by
//! `background/`; the functions are in `crates/ledger/src/bootstrap/sql/generation/`.
//!
//! Invariant: every decision is the ledger's; a member only asks for it often enough.

mod listen;
mod member;
mod part;
mod poll;

pub(crate) use changeover_ledger::control::{Control, Parameter};
pub(crate) use member::{Member, Topic};
pub use part::DrainReport;
pub(crate) use part::Part;

use std::sync::Arc;

/// Starts polling and listening, until [`Member::stop`] or until the instance has left.
pub(crate) fn start(member: &Member, parts: Vec<Arc<dyn Part>>) {
    tokio::spawn(poll::run(member.clone(), parts));
    tokio::spawn(listen::run(member.clone()));
}
