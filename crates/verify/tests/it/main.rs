//! The checks on real servers: that they are silent where all is well, and speak where not.

mod central;
mod commit_order;
mod compatibility;
mod deadline;
mod fault_proxy;
mod lock_trace;
mod shop;
mod stated_locks;
