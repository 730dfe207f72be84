//! The values for each statement, by its name: at least two sets each.

use super::SampleValue;
use crate::population::{Kind, Population};
use serde_json::{Value, json};
use uuid::Uuid;

/// Makes values that fit one population.
pub(super) struct Samples {
    population: Population,
}

impl Samples {
    pub(super) fn new(population: Population) -> Self {
        Self { population }
    }

    /// The sets for a statement. Which table it is about says its name.
    pub(super) fn of(&self, name: &str) -> Vec<Vec<SampleValue>> {
        match name {
            "cluster_by_id" => vec![vec![self.key(Kind::Cluster)], vec![unknown_key()]],
            "image_by_name" => {
                vec![vec![text(self.population.image_name(3))], vec![text("no/such:image")]]
            }
            "image_vulnerabilities" | "image_components_delete" => {
                vec![vec![text(self.population.image_digest(3))], vec![text("sha256:none")]]
            }
            "build_policies" => vec![vec![], vec![]],
            "policy_upsert" => vec![
                self.policy(self.key(Kind::Policy), "changed"),
                self.policy(unknown_key(), "new"),
            ],
            "image_upsert" => vec![
                self.image(self.population.image_digest(3), None),
                self.image(format!("sha256:{:064x}", u128::MAX), Some(NEW_WRITE)),
            ],
            "image_components_insert" => vec![one_json(self.component()), no_rows()],
            "image_cves_insert" => vec![one_json(self.cve()), no_rows()],
            "alerts_page" => filters().map(page).collect(),
            "alerts_page_of_cluster" => [self.key(Kind::Cluster), unknown_key()]
                .into_iter()
                .flat_map(|cluster| filters().map(move |filter| of_cluster(filter, &cluster)))
                .collect(),
            "alerts_insert" => vec![one_json(self.alert(true)), one_json(self.alert(false))],
            "alert_update" => self.changes(
                Kind::Alert,
                &[json!({ "state": "RESOLVED", "enforcementCount": 7 }), json!({})],
            ),
            "indicators_insert" => {
                vec![one_json(self.indicator(true)), one_json(self.indicator(false))]
            }
            "indicator_update" => self.changes(
                Kind::Indicator,
                &[json!({ "containerStart": 1_760_000_000.5 }), json!({ "processArgs": "-v" })],
            ),
            "flows_insert" => vec![one_json(self.flow(true)), one_json(self.flow(false))],
            "flow_update" => {
                self.changes(Kind::Flow, &[json!({ "lastSeenAt": "2026-02-03T04:05:06.5Z" })])
            }
            "indicator_delete" => self.removals(Kind::Indicator),
            "flow_delete" => self.removals(Kind::Flow),
            "processes_by_start" | "processes_half_filled" => {
                vec![vec![self.key(Kind::Deployment), bigint(50)], vec![unknown_key(), bigint(50)]]
            }
            "stream_open" => {
                vec![
                    vec![self.key(Kind::Cluster), unknown_key()],
                    vec![unknown_key(), unknown_key()],
                ]
            }
            "stream_cursor" => self.streams(&[]),
            "stream_advance" => self.streams(&[bigint(7)]),
            "health_write" => self.streams(&[text("HEALTHY")]),
            "health_expire" => vec![vec![double(0.0)], vec![double(30.0)]],
            // A statement without samples makes the corpus' own test fail.
            _ => Vec::new(),
        }
    }

    /// Row 0, which belongs to cluster 0.
    fn key(&self, kind: Kind) -> SampleValue {
        uuid(self.population.key(kind, 0))
    }

    fn policy(&self, key: SampleValue, name: &str) -> Vec<SampleValue> {
        let is_disabled = SampleValue { type_sql: "boolean", text: Some("false".to_owned()) };
        let criteria = json!({ "minCvss": 7.5, "onlyFixable": true, "tolerated": 1 });
        vec![key, text(name), text("LOW"), text("BUILD"), is_disabled, jsonb(&criteria)]
    }

    fn changes(&self, kind: Kind, patches: &[Value]) -> Vec<Vec<SampleValue>> {
        let mut sets: Vec<_> = patches
            .iter()
            .map(|patch| vec![self.key(kind), self.key(Kind::Cluster), jsonb(patch)])
            .collect();
        sets.push(vec![unknown_key(), self.key(Kind::Cluster), jsonb(&patches[0])]);
        sets
    }

    /// A cluster's first stream, and one that is not there.
    fn streams(&self, rest: &[SampleValue]) -> Vec<Vec<SampleValue>> {
        let of = |cluster| [vec![cluster, bigint(1)], rest.to_vec()].concat();
        vec![of(self.key(Kind::Cluster)), of(unknown_key())]
    }

    fn removals(&self, kind: Kind) -> Vec<Vec<SampleValue>> {
        vec![
            vec![self.key(kind), self.key(Kind::Cluster)],
            vec![unknown_key(), self.key(Kind::Cluster)],
        ]
    }

    fn image(&self, digest: String, write_id: Option<Uuid>) -> Vec<SampleValue> {
        vec![
            text(digest),
            SampleValue { type_sql: "uuid", text: write_id.map(|id| id.to_string()) },
            text("registry.example/corpus:1.0"),
            SampleValue { type_sql: "timestamptz", text: Some("2026-01-02T03:04:05Z".to_owned()) },
            SampleValue { type_sql: "integer", text: Some("1".to_owned()) },
            SampleValue { type_sql: "integer", text: Some("1".to_owned()) },
            jsonb(&json!({ "os": "linux" })),
        ]
    }

    fn component(&self) -> Value {
        let image_id = self.population.image_digest(3);
        json!([{ "id": format!("{image_id}#new"), "image_id": image_id, "name": "zlib",
            "version": "1.3", "payload": { "name": "zlib" } }])
    }

    fn cve(&self) -> Value {
        let image_id = self.population.image_digest(3);
        json!([{ "id": format!("{image_id}#0#new"), "component_id": format!("{image_id}#0"),
            "image_id": image_id, "cve": "CVE-2026-1", "cvss": 9.8, "severity": "CRITICAL",
            "fixed_by": null, "payload": { "cve": "CVE-2026-1" } }])
    }

    fn alert(&self, is_enforced: bool) -> Value {
        let payload = if is_enforced { json!({ "enforcementCount": 3 }) } else { json!({}) };
        json!([{ "id": NEW_KEY, "write_id": NEW_WRITE,
            "policy_id": self.population.key(Kind::Policy, 0),
            "cluster_id": self.population.key(Kind::Cluster, 0),
            "deployment_id": self.population.key(Kind::Deployment, 0), "severity": "LOW",
            "state": "ACTIVE", "raised_at": "2026-01-02T03:04:05Z", "payload": payload }])
    }

    fn indicator(&self, has_start: bool) -> Value {
        let payload =
            if has_start { json!({ "containerStart": 1_760_000_000.125 }) } else { json!({}) };
        json!([{ "id": NEW_KEY, "write_id": NEW_WRITE,
            "cluster_id": self.population.key(Kind::Cluster, 0),
            "deployment_id": self.population.key(Kind::Deployment, 0), "pod_uid": NEW_KEY,
            "process_name": "bash", "process_args": "-c true",
            "signal_time": "2026-01-02T03:04:05Z", "payload": payload }])
    }

    /// Into the partition of a known cluster, or into the default one.
    fn flow(&self, is_known_cluster: bool) -> Value {
        let cluster_id =
            if is_known_cluster { self.population.key(Kind::Cluster, 0) } else { UNKNOWN_KEY };
        json!([{ "cluster_id": cluster_id, "id": NEW_KEY, "write_id": NEW_WRITE,
            "source_deployment_id": self.population.key(Kind::Deployment, 0),
            "destination_deployment_id": UNKNOWN_KEY, "destination_port": 443,
            "protocol": "TCP", "last_seen_at": "2026-01-02T03:04:05Z", "payload": {} }])
    }
}

/// A key that no seeded row has: seeded ones have a zero in this place.
const NEW_KEY: Uuid = Uuid::from_u128(0x7777_7777_0000_4000_8000_0000_0000_0001);
const UNKNOWN_KEY: Uuid = Uuid::from_u128(0x7777_7777_0000_4000_8000_0000_0000_0002);
const NEW_WRITE: Uuid = Uuid::from_u128(0x7777_7777_0000_4000_8000_0000_0000_0003);

/// Severity and state, each left out or not.
type Filter = (Option<&'static str>, Option<&'static str>);

fn filters() -> impl Iterator<Item = Filter> {
    [(None, None), (Some("HIGH"), None), (None, Some("ACTIVE")), (Some("HIGH"), Some("ACTIVE"))]
        .into_iter()
}

/// The first page without a filter, later ones with one.
fn page((severity, state): Filter) -> Vec<SampleValue> {
    let is_first = severity.is_none() && state.is_none();
    let before = if is_first { "9999-12-30T00:00:00Z" } else { "2025-08-01T00:00:00Z" };
    let optional =
        |value: Option<&str>| SampleValue { type_sql: "text", text: value.map(str::to_owned) };
    vec![
        SampleValue { type_sql: "timestamptz", text: Some(before.to_owned()) },
        uuid(Uuid::max()),
        optional(severity),
        optional(state),
        bigint(20),
    ]
}

fn of_cluster(filter: Filter, cluster: &SampleValue) -> Vec<SampleValue> {
    [page(filter), vec![cluster.clone()]].concat()
}

fn unknown_key() -> SampleValue {
    uuid(UNKNOWN_KEY)
}

fn uuid(id: Uuid) -> SampleValue {
    SampleValue { type_sql: "uuid", text: Some(id.to_string()) }
}

fn text(value: impl Into<String>) -> SampleValue {
    SampleValue { type_sql: "text", text: Some(value.into()) }
}

fn bigint(value: i64) -> SampleValue {
    SampleValue { type_sql: "bigint", text: Some(value.to_string()) }
}

fn double(value: f64) -> SampleValue {
    SampleValue { type_sql: "double precision", text: Some(value.to_string()) }
}

fn jsonb(value: &Value) -> SampleValue {
    SampleValue { type_sql: "jsonb", text: Some(value.to_string()) }
}

fn one_json(value: Value) -> Vec<SampleValue> {
    vec![jsonb(&value)]
}

fn no_rows() -> Vec<SampleValue> {
    one_json(json!([]))
}
