//! What the catalog shows to be in the way of a statement, before anything is run.
//!
//! One file a kind of obstacle. Rewrites call these with one line each; all of them only look.

pub(super) mod dependant;
pub(super) mod firing;
pub(super) mod kin;
pub(super) mod raising;
pub(crate) mod right;
