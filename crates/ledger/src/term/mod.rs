//! The term: a lease with a number that only grows. A write under an old term is refused by
//! the database, not by what a process believes.
//!
//! - `lease`: acquiring, giving back; `renewal`: renewing on a connection of its own.
//! - `earlier_backends`: ending what earlier holders left running.
//! - `transaction`: the one way to write under a term; the guard runs last, with the commit.
//!
//! Invariant: the ledger and users' tables are changed only through a [`GuardedTransaction`], but for
//! the statements that PostgreSQL forbids in a transaction (law 5). SQL: `sql/`.

mod claim;
mod earlier_backends;
mod lease;
mod renewal;
#[cfg(test)]
mod tests;
mod transaction;

pub use lease::{COMMAND_HEAD, Term, assert_unique_epoch};
pub use transaction::{GuardedConnection, GuardedTransaction};
