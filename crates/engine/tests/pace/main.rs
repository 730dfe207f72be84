//! Each input of the pace alone makes a backfill slow down, and it recovers: on real servers, one a test.

#![expect(clippy::unwrap_used, reason = "tests")]

mod alone;
mod archiver;
mod autovacuum;
#[path = "../common/mod.rs"]
mod common;
mod probe;
mod replica_lag;
mod reported;
mod sessions;
mod slots;
mod stage;
mod starts;
mod wal;
