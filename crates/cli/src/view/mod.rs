//! What people see. Pure: data in, text out, at most as wide as told; colours are in the text and
//! taken out by [`crate::output`] where they are not wanted.

pub(crate) mod control;
pub(crate) mod ended;
pub(crate) mod figures;
pub(crate) mod instances;
pub(crate) mod jobs;
pub(crate) mod plan;
pub(crate) mod refusal;
pub(crate) mod refused;
pub(crate) mod rules;
pub(crate) mod status;
pub(crate) mod step;
pub(crate) mod style;
pub(crate) mod workers;
pub(crate) mod wrap;
