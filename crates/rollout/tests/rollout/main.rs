//! Tests of pods, service and load with real processes and sockets, one program for all.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod load;
mod pods;
mod service;
mod stream;
mod support;
mod upgrade;
