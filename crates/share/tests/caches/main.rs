//! Shared caches: what one instance or psql writes, the others see, and never later than promised.
//!
//! - `changes`: any program's writes are seen, in the order of commits; `statements`: of every form.
//! - `bounds`: no read is older than was promised.
//! - `triggers`: a table that is not watched is an error, and is mended.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../../engine/tests/common/mod.rs"]
mod common;

mod bounds;
mod changes;
mod stage;
mod statements;
mod triggers;
