//! The ledger of an upgrade and the fences around it: the tables in schema `changeover`, the leases with
//! a number that only grows, who lives, and who may come back.
//!
//! The crates `changeover`, `changeover-work` and `changeover-share` stand on it; a service embeds those.
//! It knows nothing of how a migration is planned or run, of queues, or of caches.
//!
//! - `bootstrap/`: makes the ledger and brings it up to date. The ledger is one schema with one format, so
//!   all SQL that makes its tables and functions is there, also what only workers, jobs or caches call.
//! - `connection/`: every connection to PostgreSQL; `control`: one for short calls of the ledger's functions.
//! - `fence/`, `term/`: the lease with a fencing token; the only way to write.
//! - `instance/`, `floor/`, `admission`: who lives, who may come back, which sessions are let in.
//! - `text`: reads what may be no UTF-8.
//! - `options`, `pace_options`: what a service tells the engine.
//! - `pause`: the points at which tests stop a process.

pub mod admission;
pub mod bootstrap;
pub mod connection;
pub mod control;
pub mod error;
pub mod fence;
pub mod floor;
pub mod instance;
pub mod number;
pub mod options;
pub mod own_connections;
mod pace_options;
pub mod pause;
pub mod record;
pub mod term;
pub mod text;
