//! `changeover demo`: upgrades the reference service twice under load, the usual way and online, and
//! shows what its clients saw.
//!
//! Called by `command/demo.rs`. `stage.rs` gets a server with seeded tables, `capacity.rs` measures
//! what one instance can do, `run/` makes one upgrade 4.8 → 4.9 → 4.10 under load and keeps all that
//! was seen (`before.rs` says whether the service is well enough to begin, `company.rs` is what else goes on
//! where `cargo xtask bench-pace` asks for it), `outcome.rs` and `upgrade.rs` turn that into figures,
//! `verdict.rs` judges them, `summary.rs` and `report/` show them.
//!
//! Invariants: the load is never slowed down by what it meets (open loop, nothing sent twice), both
//! ways meet the same load on equal tables, and no process outlives the demo.

mod before;
mod capacity;
mod company;
mod comparison;
mod conduct;
mod outcome;
mod progress;
mod report;
mod run;
mod settings;
mod stage;
mod streams;
mod summary;
mod upgrade;
mod verdict;

pub(crate) use before::NotHealthy;
pub(crate) use conduct::{Ended, conduct};
pub(crate) use settings::{Company, Settings, Way};
pub(crate) use summary::summary;
