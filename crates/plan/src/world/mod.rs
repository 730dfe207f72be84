//! What planning knows while it goes through the statements, and how a step gets into the plan.
//!
//! Rewrites ([`crate::rewrite`]) and the planner stand on this; nothing here knows either of them.
//!
//! - [`state`]: the catalog as it will be by now, and which step makes what.
//! - [`records`]: the steps so far, which can be taken back when a statement is refused.
//! - [`work`]: one statement at work; [`directed`]: what its directives say; [`draft`] is a step before it is emitted, [`placement`] says
//!   where it stands.
//! - [`names`], [`types`]: names that the server would choose, types as the catalog prints them;
//!   [`type_change`]: what changing a column's type costs.
//! - [`refused`]: why a statement does not get into the plan.

mod directed;
pub(crate) mod draft;
pub(crate) mod names;
mod placement;
mod records;
mod refused;
pub(crate) mod state;
pub(crate) mod type_change;
pub(crate) mod types;
pub(crate) mod work;

pub(crate) use draft::Draft;
pub(crate) use placement::taken_back;
pub(crate) use records::{Provider, Sync};
pub(crate) use refused::Refused;
pub(crate) use state::World;
pub(crate) use work::Work;
