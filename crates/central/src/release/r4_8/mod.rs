//! Release 4.8: the oldest. Writes `process_indicators.legacy_start`, as no later one does.
//!
//! Frozen: its SQL is in `sql/` and is not shared with any other release.

use super::{Release, Statement, Statements};
use crate::worker::{ReleaseWorkers, pruning::Rule, reprocessor::Formula};

macro_rules! frozen {
    ($name:literal) => {
        Statement { name: $name, sql: include_str!(concat!("sql/", $name, ".sql")) }
    };
}

/// Release 4.8.
pub const RELEASE: Release = Release {
    name: "4.8",
    head: 208,
    statements: Statements {
        cluster_by_id: frozen!("cluster_by_id"),
        image_by_name: frozen!("image_by_name"),
        image_vulnerabilities: frozen!("image_vulnerabilities"),
        build_policies: frozen!("build_policies"),
        policy_upsert: frozen!("policy_upsert"),
        image_upsert: frozen!("image_upsert"),
        image_components_delete: frozen!("image_components_delete"),
        image_components_insert: frozen!("image_components_insert"),
        image_cves_insert: frozen!("image_cves_insert"),
        alerts_page: frozen!("alerts_page"),
        alerts_page_of_cluster: frozen!("alerts_page_of_cluster"),
        alerts_insert: frozen!("alerts_insert"),
        alert_update: frozen!("alert_update"),
        indicators_insert: frozen!("indicators_insert"),
        indicator_update: frozen!("indicator_update"),
        indicator_delete: frozen!("indicator_delete"),
        flows_insert: frozen!("flows_insert"),
        flow_update: frozen!("flow_update"),
        flow_delete: frozen!("flow_delete"),
        processes_by_start: frozen!("processes_by_start"),
        stream_open: frozen!("stream_open"),
        stream_cursor: frozen!("stream_cursor"),
        stream_advance: frozen!("stream_advance"),
        health_write: frozen!("health_write"),
        health_expire: frozen!("health_expire"),
        processes_half_filled: None,
    },
    reads_after_fill: None,
    workers: ReleaseWorkers {
        pruning: Rule::All,
        formula: Formula { release: "4.8", alert_weight: 1.0 },
        notify_versions: &[1],
        summarizes_enforcements: false,
    },
};
