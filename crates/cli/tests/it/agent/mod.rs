//! `changeover agent`, and the example workers in Python and Node that take part by SQL.

mod handover;
mod jobs;
mod life;
pub(crate) mod stage;
