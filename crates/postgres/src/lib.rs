//! A real PostgreSQL server in one call: any major from 13 to 18, several side by side; and a
//! PgBouncer in front of one in another call.
//!
//! For tests, measurements and the demo. The server is found on the machine or fetched once by an
//! ordinary package client, runs as an unprivileged user (also when started by root) in a private
//! folder, and is gone with the process that started it, however that process ends.
//!
//! Unlike the other libraries of this workspace, this one reads the environment: a harness has to
//! find what the machine offers.

mod account;
mod base_copy;
mod binaries;
mod bounded_command;
mod builder;
mod cache;
#[cfg(feature = "certificates")]
mod certificates;
mod client_packages;
mod error;
mod folder;
mod locale;
mod pgbouncer;
mod port;
mod postmaster;
mod process;
mod profile;
mod server;
mod small_disk;
mod standby;
mod system_package;
mod template;
mod watchdog;

pub use binaries::{SUPPORTED_MAJORS, available_majors};
pub use builder::Builder;
#[cfg(feature = "certificates")]
pub use certificates::{Authority, Issued};
pub use client_packages::{node_modules, python_packages};
pub use error::{AdminError, StandbyError, StartError};
pub use pgbouncer::{PgBouncer, PgBouncerBuilder, PoolMode};
pub use profile::Profile;
pub use server::Server;
