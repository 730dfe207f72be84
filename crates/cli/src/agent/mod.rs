//! The sidecar: an instance's life on behalf of a process in any language.
//!
//! - [`life`]: an instance and what belongs to it; [`course`]: from registering on; [`leaving`]: its end.
//! - [`poll`]: joins and settles, again and again, until it has left.
//! - [`child`]: the process, its signals and its end; [`shim`]: what ties it to this one.
//! - [`signals`]: which signals end the agent, and which are passed on.
//! - [`http`]: probes, `/instance`, `/status`, `/drain`; [`state`]: what they answer from.
//!
//! Called by `command/agent.rs`. The agent does no work itself and decides nothing: the process calls
//! the SQL functions under the instance's id, and the ledger refuses what must not happen.

mod child;
mod course;
mod http;
mod leaving;
mod life;
mod poll;
pub(crate) mod shim;
mod signals;
mod state;

pub(crate) use course::run;
pub(crate) use life::Plan;
