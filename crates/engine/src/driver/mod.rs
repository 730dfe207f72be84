//! Decides what is to be done next, gets the term for it, and does it.
//!
//! - [`next`]: reads from the ledger what there is to do for a release. Needs no term.
//! - [`holder`]: does it, step by step, while the term is held.
//! - [`failed`]: what becomes of a step that fails; [`tries`]: how often each was tried.
//! - [`handover`]: when a holder gives way to a newer release, and when one may ask for that.
//! - [`patience`]: how long to wait between two looks.
//! - [`keep_plan`]: plans under the term and keeps the plan.
//! - [`refused`]: keeps why a release was refused, for people.
//! - [`upgrade`]: what the service is told.
//! - [`run`]: the loop around both, in the background of a service or until nothing is left.
//!
//! Nothing is remembered from one round to the next but how often a step was tried: what is done is
//! read from the ledger each time, so the next holder goes on where the last one stopped.

mod failed;
mod handover;
mod holder;
mod keep_plan;
mod next;
mod patience;
mod planning;
mod refused;
mod run;
mod tries;
mod upgrade;

pub use next::Outlook;
pub(crate) use planning::{plan_pending, plan_without_ledger};
pub(crate) use run::{Driver, Until};
pub use upgrade::Upgrade;
pub(crate) use upgrade::report;
