//! Runs the statements of a backfill, which the plan has made (`changeover_plan::derivation`): binds
//! bounds and limits, and tells from what a statement ended with how to go on.
//!
//! - `part`: the tables that rows really live in: the table itself, or its leaf partitions.
//! - `batch`: one range: finding it, filling it; `by_index`: asserting its plan; `failure`: what its end means.
//! - `prepared`: the plain statements of a part, sent so that a batch takes two round trips.
//! - `skipped`: rows that somebody held locked; `parked`: rows that raise or are rejected.
//! - `differing`: proving that nothing is left.
//! - `sizer`: how many rows the next batch takes.
//!
//! Used by `step/ranges/`, `step/backfill.rs`, `step/backfill_check.rs` and `step/parked.rs`.

mod batch;
mod by_index;
mod differing;
mod failure;
mod parked;
mod part;
mod prepared;
mod sizer;
mod skipped;

pub(crate) use batch::{Batch, Filled, Range};
pub(crate) use differing::Differing;
pub(crate) use part::{Part, parts};
pub(crate) use prepared::{FilledRange, Prepared};
pub(crate) use sizer::Sizer;
