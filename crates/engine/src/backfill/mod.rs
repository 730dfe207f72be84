//! The SQL of a backfill, put together from the plan's own expressions.
//!
//! - [`part`]: the tables that rows really live in: the table itself, or its leaf partitions.
//! - [`range`]: the next range of keys, and the comparison by which it is found again.
//! - [`batch`]: filling a range; [`locked`]: without the rows that somebody holds; [`raising`]: with
//!   expressions that raise; [`differing`]: proving that nothing is left.
//! - [`sizer`]: how many rows the next batch takes.
//!
//! Used by `step/backfill.rs` and `step/backfill_check.rs`. Identifiers and expressions come from the
//! plan (already quoted), key values are always parameters.

mod batch;
mod differing;
mod locked;
mod part;
mod raising;
mod range;
mod sizer;

pub(crate) use batch::Batch;
pub(crate) use part::{Part, parts};
pub(crate) use sizer::Sizer;
