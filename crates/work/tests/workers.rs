//! Singleton workers of two releases: one owner at a time, no matter what happens to it.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../engine/tests/common/mod.rs"]
mod common;
#[path = "workers/ledger.rs"]
mod ledger;
#[path = "workers/nodes.rs"]
mod nodes;
#[path = "workers/stage.rs"]
mod stage;
