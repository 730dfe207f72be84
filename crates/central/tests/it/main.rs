//! Central against a real server: its releases, its API, its leaving.

mod api;
mod client;
mod command;
mod drain;
mod load;
mod pooler;
mod releases;
mod rollback;
mod stage;
mod start;
mod upgrade;
mod workers;
