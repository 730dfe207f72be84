//! Decides what is to be done next, gets the term for it, and does it.
//!
//! - [`work`]: reads from the ledger what there is to do for a release. Needs no term.
//! - [`holder`]: does it, step by step, while the term is held.
//! - [`handover`]: when a holder gives way to a newer release, and when one may ask for that.
//! - [`patience`]: how long to wait between two looks.
//! - [`refused`]: keeps why a release was refused, for people.
//! - [`run`]: the loop around both, in the background of a service or until nothing is left.
//!
//! Nothing is remembered from one round to the next but how often a step was tried: what is done is
//! read from the ledger each time, so whoever takes over goes on where the last one stopped.

mod handover;
mod holder;
mod patience;
mod planning;
mod refused;
mod run;
mod work;

pub(crate) use planning::{plan_pending, plan_without_ledger};
pub use run::Upgrade;
pub(crate) use run::{Driver, Until, report};
pub use work::Outlook;
