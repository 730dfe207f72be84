//! The three checks on real servers: that they are silent where all is well, and speak where not.

mod central;
mod compatibility;
mod deadline;
mod lock_trace;
mod shop;
mod stated_locks;
