//! Two releases' background workers at once, without the guard and with it.
//!
//! Each test runs the same body twice. Without: both do as if they were alone, and the harm that
//! upstream knows is there. With: it is not. What happens when is laid down step by step, so that both
//! come out the same every time. Clusters' health: `health.rs`.

mod declarative;
mod jobs;
mod network_baselines;
mod notifier;
mod pruning;
mod report;
mod reprocessor;
mod rivals;
mod together;
mod usage;
