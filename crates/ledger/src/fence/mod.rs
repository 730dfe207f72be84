//! What the fences of term, workers and jobs have in common.
//!
//! - [`commit`]: the fence as a transaction's last statement, in one round trip with `COMMIT`.
//! - [`key`]: the unique key without which a guard's lock holds back no grant. SQL: `sql/`.
//! - [`lease`]: how much of a lease its holder uses.

pub mod commit;
pub mod key;
pub mod lease;
