//! Term, registration, floor and contract as a small state machine, explored exhaustively.
//!
//! Called by `cargo xtask model` and by this crate's tests. A state is what the database holds, what
//! each process believes, and what each backend was sent; an [`Action`] is one effect that others can
//! see. Laws are in [`invariant`], what can be taken out of the design to see that it matters in
//! [`guard`]. Nothing forces a process to move, so every pause is among the runs: the one that is not
//! chosen for a while sleeps, and wakes believing what it believed.
//!
//! Bounds, so that the space stays finite, are in [`Fleet::bounds`], with reasons.

pub mod action;
pub mod explore;
pub mod guard;
pub mod holder;
pub mod invariant;
pub mod reach;
pub mod state;
pub mod trace;

mod environment;
mod floor;
mod index;
mod next;
mod registration;
mod step;
mod term;
mod upgrade;

pub use action::Action;
pub use guard::Guard;
pub use state::State;
pub use upgrade::{Bounds, Fleet, Upgrade};
