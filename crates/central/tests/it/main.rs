//! Central against a real server: its releases, its API, its leaving.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod api;
mod client;
mod command;
mod connections;
mod cost;
mod drain;
mod health;
mod load;
mod overload;
mod policies;
mod pooler;
mod releases;
mod rollback;
mod sensor;
mod stage;
mod start;
mod stream;
mod tls;
mod upgrade;
mod workers;
