//! The statements of background work and of clusters' health, each with values to run it with.
//!
//! They are sent unnamed, with their values: each time with a plan of its own.

use super::{Costs, files::sql_below, measure::measure};
use changeover_central::{
    population::{Kind, Population},
    release::SampleValue,
};
use tokio_postgres::Client;

/// What stands in for the library's queue, which is measured elsewhere.
const QUEUE: &str = "CREATE SCHEMA IF NOT EXISTS changeover;
    CREATE OR REPLACE FUNCTION changeover.enqueueable_version_v1(text, text, integer) RETURNS integer
        LANGUAGE sql AS 'SELECT 2';
    CREATE OR REPLACE FUNCTION changeover.enqueue_v1(text, text, integer, jsonb[]) RETURNS SETOF bigint
        LANGUAGE sql AS 'SELECT 1::bigint'";

/// What workers have written by the time that they are measured.
const WRITTEN: &str = "INSERT INTO risks SELECT id, 1, '4.8', now() FROM deployments ON CONFLICT DO NOTHING;
    INSERT INTO network_baselines SELECT id, '[]', now() FROM deployments ON CONFLICT DO NOTHING;
    INSERT INTO declared_policies SELECT 'gone ' || i FROM generate_series(1, 3) AS i ON CONFLICT DO NOTHING;
    INSERT INTO policies SELECT gen_random_uuid(), name, 'LOW', 'DEPLOY', false, '{}' FROM declared_policies
        ON CONFLICT DO NOTHING;
    INSERT INTO declared_policies SELECT name FROM policies ON CONFLICT DO NOTHING;
    INSERT INTO notifiers SELECT gen_random_uuid(), 'pager', 'http://localhost', false, '{}'
        ON CONFLICT DO NOTHING;
    ANALYZE";

fn value(type_sql: &'static str, text: impl ToString) -> SampleValue {
    SampleValue { type_sql, text: Some(text.to_string()) }
}

/// The values of a statement, and how many rows a piece of its walk may read.
fn values(path: &str, population: Population) -> (Vec<SampleValue>, i64) {
    let deployment = population.key(Kind::Deployment, 3);
    let alert = population.key(Kind::Alert, 3);
    let keys = format!("{{{deployment}}}");
    let nil = uuid::Uuid::nil();
    let file = path.trim_start_matches("worker/").trim_end_matches(".sql");
    match file {
        "pruning/candidates" => {
            (vec![value("integer", 1), value("boolean", true), value("bigint", 500)], 500)
        }
        "pruning/alerts" => (vec![value("uuid[]", format!("{{{alert}}}"))], 0),
        // A row, whether its deployment is there, and both again where it goes.
        "pruning/risks" | "pruning/baselines" => (vec![value("bigint", 50)], 4 * 50),
        "pruning/go_on" | "network_baselines/go_on" | "reprocessor/go_on" => {
            (vec![value("text", nil)], 0)
        }
        "report/alerts_by_severity" => {
            let at = value("timestamptz", "2026-01-01T00:00:00Z");
            let after = value("timestamptz", "2025-01-01T00:00:00Z");
            let (first, second) = (value("text", "HIGH"), value("text", "ACTIVE"));
            (vec![at, first, second, after, value("uuid", nil), value("bigint", 1_000)], 1_000)
        }
        "report/record" => {
            let at = value("timestamptz", "2026-01-01T00:00:00Z");
            (vec![value("text", "daily"), at, value("text", "file")], 0)
        }
        "usage/now" | "network_baselines/cursor" | "by_index" => (vec![], 0),
        // All that was raised in these minutes is counted.
        "usage/alerts" => {
            let since = value("timestamptz", "2025-07-01T00:00:00Z");
            (vec![since, value("timestamptz", "2025-07-01T00:10:00Z")], 100)
        }
        "usage/add" => (vec![value("timestamptz[]", "{2026-01-01}"), value("bigint[]", "{1}")], 0),
        "usage/peak" => (vec![value("timestamptz", "2026-01-01"), value("bigint", 7)], 0),
        "usage/go_on" => (vec![value("timestamptz", "2026-01-01")], 0),
        "usage/deployments" => (vec![value("uuid", nil), value("bigint", 50)], 50),
        "network_baselines/load" => (vec![value("bigint", 1_000)], 0),
        "network_baselines/flows" => {
            let after = format!("{}/{nil}", population.key(Kind::Cluster, 1));
            (vec![value("text", after), value("bigint", 200)], 200)
        }
        "network_baselines/flush" => (vec![value("uuid[]", keys), value("jsonb[]", "{[]}")], 0),
        // A deployment's active alerts are counted up to a hundred.
        "reprocessor/read" => (vec![value("double precision", 1), value("bigint", 20)], 20 * 100),
        "reprocessor/write" => {
            let scores = value("double precision[]", "{1}");
            (vec![value("uuid[]", keys), scores, value("text", "4.8")], 0)
        }
        "notifier/enqueue" => {
            let alerts = r#"{"{\"id\": 1, \"payload\": {}}"}"#;
            let names = [value("text", "central"), value("text", "notify")];
            ([names.to_vec(), vec![value("integer", 2), value("jsonb[]", alerts)]].concat(), 0)
        }
        "notifier/record" => (vec![value("uuid", alert), value("uuid", nil)], 0),
        "notifier/endpoints" => (vec![value("uuid[]", keys)], 0),
        "declarative/policies_gone" => (vec![value("text[]", "{}")], 0),
        "declarative/policy" => {
            let named = [value("text", "of a file"), value("text", "LOW"), value("text", "DEPLOY")];
            ([named.to_vec(), vec![value("jsonb", "{}")]].concat(), 0)
        }
        "declarative/notifier" => (vec![value("text", "pager"), value("text", "http://here")], 0),
        "declarative/notifiers_gone" => (vec![value("text[]", "{pager}")], 0),
        "enforcement_summary/piece" => (vec![value("uuid", alert), value("bigint", 1_000)], 1_000),
        "enforcement_summary/write" => (vec![value("uuid[]", keys), value("bigint[]", "{1}")], 0),
        "cluster_health/unguarded" => (vec![value("uuid[]", "{}")], 0),
        _ => panic!("{path} has no values here: what does it cost?"),
    }
}

/// What only the schema of 4.10 has.
const OF_4_10: &str = "worker/enforcement_summary/piece.sql";

pub(super) async fn costs(client: &Client, population: Population) -> Costs {
    client.batch_execute(QUEUE).await.expect("it stands in");
    client.batch_execute(WRITTEN).await.expect("it is written");
    let has_count = "SELECT count(*) > 0 FROM pg_attribute WHERE attname = 'enforcement_count'";
    let is_4_10: bool = client.query_one(has_count, &[]).await.expect("it counts").get(0);
    let mut costs = Costs::new();
    for (path, sql) in [sql_below("worker"), sql_below("cluster_health")].concat() {
        let (values, piece) = values(&path, population);
        if path == OF_4_10 && !is_4_10 {
            continue;
        }
        let settings = match path.as_str() {
            // As the worker does before it: `by_index.sql`.
            "worker/declarative/policies_gone.sql"
            | "worker/pruning/risks.sql"
            | "worker/pruning/baselines.sql" => "SET LOCAL enable_seqscan = off",
            _ => "SET LOCAL plan_cache_mode = force_custom_plan",
        };
        let mut cost = measure(client, &sql, &values, settings).await;
        cost.piece = piece;
        costs.insert(path, cost);
    }
    costs
}
