//! The term: a lease with a number that only grows. Whoever writes under an old term is refused by
//! the database, not by what a process believes.
//!
//! - `lease`: acquiring, renewing on a connection of its own, giving back.
//! - `transaction`: the one way to write under a term; the guard runs last, with the commit.
//!
//! Invariant: the ledger and users' tables are changed only through a [`GuardedTransaction`], but for
//! the statements that PostgreSQL forbids in a transaction (law 5). SQL: `sql/`.

mod lease;
#[cfg(test)]
mod tests;
mod transaction;

pub use lease::{COMMAND_HEAD, Term, assert_unique_epoch};
pub use transaction::{GuardedConnection, GuardedTransaction};
