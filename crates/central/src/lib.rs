//! The reference service: ACS central in small, for showing and proving rolling upgrades on.
//!
//! One binary serves any of three successive releases ([`release`]); each has its own frozen SQL and
//! knows only its own head. The program `changeover` spawns itself as central through [`command::run`],
//! the demo fills its tables with [`seed`], its load generator takes the requests from [`workload`]
//! and counts afterwards with [`writes`] what became of them.
//!
//! Invariants:
//! - A request that was answered with 200 is committed; any other answer means that nothing was.
//! - A release never names a column that it does not know.

pub mod cluster_health;
pub mod command;
pub mod database;
pub mod error;
pub mod migration;
pub mod outside;
pub mod policies;
pub mod population;
pub mod release;
pub mod request;
pub mod roles;
pub mod route;
pub mod seed;
pub mod sensor_traffic;
pub mod server;
pub mod settings;
pub mod traffic;
pub mod upgrade;
pub mod worker;
pub mod workload;
pub mod writes;

pub use error::CentralError;
