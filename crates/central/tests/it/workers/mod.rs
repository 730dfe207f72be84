//! Two releases' background workers at once, without the guard and with it.
//!
//! Each test runs the same body twice. Without: both do as if they were alone, and the harm that
//! upstream knows is there. With: it is not. What happens when is laid down step by step, so that both
//! come out the same every time.

mod declarative;
mod network_baselines;
mod pruning;
mod reprocessor;
mod rivals;
mod usage;
