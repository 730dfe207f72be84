//! The built program, run as a user would, against a real server.

#![expect(clippy::unwrap_used, reason = "in a test's helper too, a failure fails the test")]

mod agent;
mod central;
mod connecting;
mod control;
mod documents;
mod errors;
mod floor;
mod help;
mod jobs;
mod migrate;
mod needs;
mod new;
mod plan;
mod pooler;
mod project;
mod reports;
mod rules;
mod sql_functions;
mod status;
