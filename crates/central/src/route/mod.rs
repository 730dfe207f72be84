//! The API: one file for each route, and the router that joins them.
//!
//! Called by [`crate::server`]. Handlers take their SQL from the release and decide nothing by its
//! name.

pub mod alerts;
pub mod detect_build;
pub mod images_scan;
pub mod metadata;
mod openapi;
pub mod ping;
pub mod policies;
pub mod policy;
mod probe;
pub mod processes;
pub mod sensor_events;
pub mod sensor_stream;
mod state;

pub use openapi::{document, router};
pub use sensor_events::{SensorBatch, SensorEvent};
pub use sensor_stream::{CutStream, HeldStream, StreamBook, StreamsEnded};
pub use state::{Lifecycle, ServiceState};

/// The severities of policies, alerts and CVEs, mildest first.
pub const SEVERITIES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// The states of an alert.
pub const ALERT_STATES: [&str; 3] = ["ACTIVE", "SNOOZED", "RESOLVED"];
