//! The kinds of events, as clients write them, and what makes one valid.

use crate::{
    request::FieldErrors,
    route::{ALERT_STATES, SEVERITIES},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Protocols of a flow.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "ICMP"];

/// The largest start of a container that is believed: the year 9999, in seconds since 1970. What is
/// larger would not fit the column that later releases promote it to.
const CONTAINER_START_MAX_S: f64 = 253_402_300_799.0;

/// A batch of one cluster's sensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SensorBatch {
    /// The cluster.
    #[schema(value_type = String)]
    pub cluster_id: Uuid,
    /// What happened, 1 to 1,000 events.
    pub events: Vec<SensorEvent>,
}

/// Something that a sensor saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum SensorEvent {
    /// A process was started.
    Indicator {
        /// The client's id for this write.
        #[schema(value_type = String)]
        id: Uuid,
        /// By which deployment.
        #[schema(value_type = String)]
        deployment_id: Uuid,
        /// In which pod.
        #[schema(value_type = String)]
        pod_uid: Uuid,
        /// The program.
        process_name: String,
        /// Its arguments.
        #[serde(default)]
        process_args: String,
        /// When.
        #[schema(value_type = String)]
        signal_time: Timestamp,
        /// When its container was started, in seconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container_start: Option<f64>,
    },
    /// Two deployments talked.
    Flow {
        /// The client's id for this write.
        #[schema(value_type = String)]
        id: Uuid,
        /// Who began.
        #[schema(value_type = String)]
        source_deployment_id: Uuid,
        /// Whom it called.
        #[schema(value_type = String)]
        destination_deployment_id: Uuid,
        /// On which port.
        destination_port: u16,
        /// `TCP`, `UDP` or `ICMP`.
        protocol: String,
        /// When it was last seen.
        #[schema(value_type = String)]
        last_seen_at: Timestamp,
    },
    /// The sensor found a policy violated.
    Alert {
        /// The client's id for this write.
        #[schema(value_type = String)]
        id: Uuid,
        /// The policy.
        #[schema(value_type = String)]
        policy_id: Uuid,
        /// By which deployment.
        #[schema(value_type = String)]
        deployment_id: Uuid,
        /// `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.
        severity: String,
        /// When.
        #[schema(value_type = String)]
        raised_at: Timestamp,
        /// How often it was enforced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enforcement_count: Option<u32>,
    },
    /// More is known of a process.
    IndicatorUpdate {
        /// The indicator's key.
        #[schema(value_type = String)]
        indicator_id: Uuid,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process_args: Option<String>,
        /// When its container was started, in seconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container_start: Option<f64>,
    },
    /// A process is forgotten.
    IndicatorDelete {
        /// The indicator's key.
        #[schema(value_type = String)]
        indicator_id: Uuid,
    },
    /// A flow was seen again.
    FlowUpdate {
        /// The flow's key.
        #[schema(value_type = String)]
        flow_id: Uuid,
        /// When.
        #[schema(value_type = String)]
        last_seen_at: Timestamp,
    },
    /// A flow is forgotten.
    FlowDelete {
        /// The flow's key.
        #[schema(value_type = String)]
        flow_id: Uuid,
    },
    /// An alert was enforced again, or changed its state.
    AlertUpdate {
        /// The alert's key.
        #[schema(value_type = String)]
        alert_id: Uuid,
        /// Its new state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// How often it was enforced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enforcement_count: Option<u32>,
    },
}

impl SensorEvent {
    /// The client's id, for the kinds that store a row.
    pub fn write_id(&self) -> Option<Uuid> {
        match self {
            Self::Indicator { id, .. } | Self::Flow { id, .. } | Self::Alert { id, .. } => {
                Some(*id)
            }
            Self::IndicatorUpdate { .. }
            | Self::IndicatorDelete { .. }
            | Self::FlowUpdate { .. }
            | Self::FlowDelete { .. }
            | Self::AlertUpdate { .. } => None,
        }
    }

    /// Notes what is wrong with it; `at` is its place in the request.
    pub(in crate::route) fn check(&self, at: &str, errors: &mut FieldErrors) {
        match self {
            Self::Indicator { process_name, process_args, container_start, .. } => {
                errors.check_text(format!("{at}.processName"), process_name, 256);
                check_length(errors, at, process_args);
                check_start(errors, at, *container_start);
            }
            Self::Flow { protocol, .. } => {
                errors.check_word(format!("{at}.protocol"), protocol, &PROTOCOLS);
            }
            Self::Alert { severity, enforcement_count, .. } => {
                errors.check_word(format!("{at}.severity"), severity, &SEVERITIES);
                check_count(errors, at, *enforcement_count);
            }
            Self::IndicatorUpdate { process_args, container_start, .. } => {
                if process_args.is_none() && container_start.is_none() {
                    errors.add(at, "changes nothing");
                }
                check_length(errors, at, process_args.as_deref().unwrap_or_default());
                check_start(errors, at, *container_start);
            }
            Self::AlertUpdate { state, enforcement_count, .. } => {
                match state {
                    Some(state) => errors.check_word(format!("{at}.state"), state, &ALERT_STATES),
                    None if enforcement_count.is_none() => errors.add(at, "changes nothing"),
                    None => {}
                }
                check_count(errors, at, *enforcement_count);
            }
            Self::FlowUpdate { .. } | Self::IndicatorDelete { .. } | Self::FlowDelete { .. } => {}
        }
    }
}

fn check_length(errors: &mut FieldErrors, at: &str, process_args: &str) {
    if process_args.chars().count() > 4_096 {
        errors.add(format!("{at}.processArgs"), "must have at most 4096 characters");
    }
}

fn check_start(errors: &mut FieldErrors, at: &str, container_start: Option<f64>) {
    if container_start.is_some_and(|start| !(0.0..=CONTAINER_START_MAX_S).contains(&start)) {
        errors.add(format!("{at}.containerStart"), "must be seconds since 1970");
    }
}

fn check_count(errors: &mut FieldErrors, at: &str, enforcement_count: Option<u32>) {
    if enforcement_count.is_some_and(|count| i32::try_from(count).is_err()) {
        errors.add(format!("{at}.enforcementCount"), "must fit 31 bits");
    }
}
