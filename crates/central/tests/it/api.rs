//! What the API answers, and what it refuses.

use crate::{
    client::{Answer, once},
    stage::Stage,
};
use changeover_central::{
    population::{Kind, Population},
    server::Central,
    writes,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

async fn post(central: &Central, path: &str, body: &Value) -> Answer {
    once(central.address(), "POST", path, body.to_string()).await
}

async fn get(central: &Central, path: &str) -> Answer {
    once(central.address(), "GET", path, "").await
}

fn indicator(population: &Population, id: Uuid) -> Value {
    json!({
        "kind": "indicator", "id": id, "deploymentId": population.key(Kind::Deployment, 0),
        "podUid": Uuid::from_u128(5), "processName": "bash", "processArgs": "-c true",
        "signalTime": "2026-03-01T00:00:00Z", "containerStart": 1_790_000_000.125,
    })
}

#[tokio::test]
async fn a_scan_changes_the_verdict() {
    let stage = Stage::seeded("verdict").await;
    let central = stage.central("4.8").await;
    let scan = |cves: Value| {
        json!({
            "imageName": "registry.example/mine:1", "imageDigest": format!("sha256:{:064}", 7),
            "components": [{ "name": "openssl", "version": "1.1", "cves": cves }],
        })
    };
    let check = json!({ "imageName": "registry.example/mine:1" });
    assert_eq!(post(&central, "/v1/detect/build", &check).await.status, 404);

    let bad: Vec<_> = (0..6)
        .map(|i| json!({ "cve": format!("CVE-1-{i}"), "cvss": 9.9, "severity": "CRITICAL" }))
        .collect();
    assert_eq!(post(&central, "/v1/images/scan", &scan(json!(bad))).await.status, 200);
    let verdict = post(&central, "/v1/detect/build", &check).await.json();
    assert_eq!(verdict["verdict"], "fail", "{verdict}");
    assert_eq!(verdict["violations"][0]["count"], 6, "{verdict}");

    assert_eq!(post(&central, "/v1/images/scan", &scan(json!([]))).await.status, 200);
    let verdict = post(&central, "/v1/detect/build", &check).await.json();
    assert_eq!((&verdict["verdict"], &verdict["components"]), (&json!("pass"), &json!(1)));
}

#[tokio::test]
async fn pages_of_alerts_join_without_gap_or_overlap() {
    let stage = Stage::seeded("pages").await;
    for release in ["4.8", "4.10"] {
        let central = stage.central(release).await;
        let mut seen = BTreeSet::new();
        let mut path = "/v1/alerts?limit=77&severity=HIGH".to_owned();
        for _ in 0..10 {
            let page = get(&central, &path).await.json();
            for alert in page["alerts"].as_array().unwrap() {
                assert_eq!(alert["severity"], "HIGH");
                assert!(seen.insert(alert["id"].to_string()), "twice: {alert}");
            }
            let Some(cursor) = page["nextCursor"].as_str() else {
                break;
            };
            path = format!("/v1/alerts?limit=77&severity=HIGH&cursor={cursor}");
        }
        let row = stage
            .owner()
            .await
            .query_one("SELECT count(*) FROM alerts WHERE severity = 'HIGH'", &[])
            .await
            .unwrap();
        assert_eq!(seen.len(), usize::try_from(row.get::<_, i64>(0)).unwrap(), "{release}");
    }
}

#[tokio::test]
async fn an_event_sent_twice_is_there_twice_and_is_seen_so() {
    let stage = Stage::seeded("doubled").await;
    let central = stage.central("4.8").await;
    let (once_sent, twice_sent, never_sent) =
        (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    for id in [once_sent, twice_sent, twice_sent] {
        let batch = json!({
            "clusterId": stage.population.key(Kind::Cluster, 0),
            "events": [indicator(&stage.population, id)],
        });
        let answer = post(&central, "/v1/sensor/events", &batch).await;
        assert_eq!(answer.json()["accepted"], json!([id]));
    }
    let found = writes::count_writes(&stage.owner_url(), &[once_sent, twice_sent, never_sent])
        .await
        .unwrap();
    assert_eq!((found.missing, found.doubled), (vec![never_sent], vec![twice_sent]));
    assert_eq!(found.unacknowledged, 0);
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let stage = Stage::seeded("whole").await;
    let central = stage.central("4.8").await;
    let id = Uuid::from_u128(1);
    let batch = json!({
        "clusterId": stage.population.key(Kind::Cluster, 0),
        "events": [indicator(&stage.population, id), {
            "kind": "alert", "id": Uuid::from_u128(2), "policyId": Uuid::from_u128(9),
            "deploymentId": Uuid::from_u128(9), "severity": "LOW", "raisedAt": "2026-03-01T00:00:00Z",
        }],
    });
    let answer = post(&central, "/v1/sensor/events", &batch).await;
    assert_eq!(answer.status, 400, "{:?}", answer.body);
    assert_eq!(answer.json()["fields"]["events"], "an alert names a policy that does not exist");
    let found = writes::count_writes(&stage.owner_url(), &[id]).await.unwrap();
    assert_eq!(found.missing, [id]);
}

/// Each release writes the columns that it knows, so that they always say what the payload says.
#[tokio::test]
async fn changes_and_removals_keep_the_columns_right() {
    let stage = Stage::seeded("changes").await;
    let key = |kind, number| stage.population.key(kind, number);
    for release in ["4.8", "4.9", "4.10"] {
        let central = stage.central(release).await;
        let batch = json!({ "clusterId": key(Kind::Cluster, 0), "events": [
            indicator(&stage.population, Uuid::new_v4()),
            { "kind": "indicator_update", "indicatorId": key(Kind::Indicator, 0), "containerStart": 1.5 },
            { "kind": "indicator_update", "indicatorId": key(Kind::Indicator, 3), "processArgs": "-v" },
            { "kind": "indicator_delete", "indicatorId": key(Kind::Indicator, 6) },
            { "kind": "flow_update", "flowId": key(Kind::Flow, 0), "lastSeenAt": "2026-04-05T06:07:08Z" },
            { "kind": "flow_delete", "flowId": key(Kind::Flow, 3) },
            { "kind": "alert_update", "alertId": key(Kind::Alert, 0), "enforcementCount": 41 },
            { "kind": "alert_update", "alertId": key(Kind::Alert, 3), "state": "RESOLVED" },
            // Another cluster's row is not this sensor's to change.
            { "kind": "alert_update", "alertId": key(Kind::Alert, 1), "state": "RESOLVED" },
        ]});
        let stored = post(&central, "/v1/sensor/events", &batch).await.json();
        assert_eq!(stored["updated"], 5, "{release}: {stored}");
        assert_eq!(stored["deleted"], if release == "4.8" { 2 } else { 0 }, "{stored}");
        let columns = match release {
            "4.8" => "legacy_start IS DISTINCT FROM floor((payload ->> 'containerStart')::float8)",
            _ => {
                "container_start_time IS DISTINCT FROM
                 to_timestamp((payload ->> 'containerStart')::float8)"
            }
        };
        let sql = format!("SELECT count(*) FROM process_indicators WHERE {columns}");
        let row = stage.owner().await.query_one(&sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0, "{release}");
    }
    let row = stage
        .owner()
        .await
        .query_one(
            "SELECT
                (SELECT count(*) FROM alerts WHERE enforcement_count
                    <> coalesce((payload ->> 'enforcementCount')::integer, 0)),
                (SELECT count(*) FROM network_flows WHERE updated_at IS DISTINCT FROM last_seen_at)",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0));
}

#[tokio::test]
async fn what_is_not_valid_is_named_field_by_field() {
    let stage = Stage::seeded("invalid").await;
    let central = stage.central("4.9").await;
    let mut broken = indicator(&stage.population, Uuid::from_u128(1));
    broken["processName"] = json!(" ");
    broken["containerStart"] = json!(-1);
    let batch = json!({
        "clusterId": stage.population.key(Kind::Cluster, 0),
        "events": [broken, { "kind": "flow" }, { "kind": "surprise" }],
    });
    let answer = post(&central, "/v1/sensor/events", &batch).await;
    assert_eq!(answer.status, 400);
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "code": "invalid",
      "fields": {
        "events[0].containerStart": "must be seconds since 1970",
        "events[0].processName": "must not be empty",
        "events[1]": "missing field `id`",
        "events[2]": "unknown variant `surprise`, expected one of `indicator`, `flow`, `alert`, `indicator_update`, `indicator_delete`, `flow_update`, `flow_delete`, `alert_update`"
      },
      "message": "the request is not valid; see `fields`"
    }
    "#);

    let scan = json!({ "imageName": "", "imageDigest": "sha256:short", "components": [
        { "name": "a", "version": "1", "cves": [{ "cve": "CVE-1", "cvss": 11, "severity": "BAD" }] },
    ]});
    let fields = post(&central, "/v1/images/scan", &scan).await.json()["fields"].clone();
    insta::assert_json_snapshot!(fields, @r#"
    {
      "components[0].cves[0].cvss": "must be from 0 to 10",
      "components[0].cves[0].severity": "must be one of LOW, MEDIUM, HIGH, CRITICAL",
      "imageDigest": "must be `sha256:` and 64 hexadecimal digits",
      "imageName": "must not be empty"
    }
    "#);

    let fields = get(&central, "/v1/alerts?cluster=x&severity=y&limit=0&cursor=z&w=1").await;
    insta::assert_json_snapshot!(fields.json()["fields"], @r#"
    {
      "cluster": "must be a uuid",
      "cursor": "is not one that was given out",
      "limit": "must be a number from 1 to 500",
      "severity": "must be one of LOW, MEDIUM, HIGH, CRITICAL",
      "w": "is no parameter of this call"
    }
    "#);
}

#[tokio::test]
async fn other_refusals_have_the_same_form() {
    let stage = Stage::seeded("refusals").await;
    let central = stage.central("4.9").await;
    let unknown =
        json!({ "clusterId": Uuid::nil(), "events": [indicator(&stage.population, Uuid::nil())] });
    let large = "x".repeat(3 * 1024 * 1024);
    let mut answers = Vec::new();
    for (method, path, body) in [
        ("POST", "/v1/sensor/events", unknown.to_string()),
        ("POST", "/v1/sensor/events", "{".to_owned()),
        ("POST", "/v1/sensor/events", large),
        ("DELETE", "/v1/alerts", String::new()),
        ("GET", "/v1/nothing", String::new()),
    ] {
        let answer = once(central.address(), method, path, body).await;
        let body = answer.json();
        answers.push(format!("{} {}: {}", answer.status, body["code"], body["message"]));
    }
    insta::assert_snapshot!(answers.join("\n"), @r#"
    404 "not_found": "cluster `00000000-0000-0000-0000-000000000000` was not found"
    400 "invalid": "the request is not valid; see `fields`"
    413 "too_large": "the body has more than 2097152 bytes"
    405 "method_not_allowed": "this path does not take this method"
    404 "not_found": "`/v1/nothing` was not found"
    "#);
}

#[tokio::test]
async fn a_lost_database_is_unavailable_and_comes_back() {
    let stage = Stage::seeded("lost").await;
    let central = stage.central("4.9").await;
    assert_eq!(get(&central, "/v1/alerts").await.status, 200);
    stage
        .superuser()
        .await
        .batch_execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
             WHERE datname = current_database() AND usename = 'central_service'",
        )
        .await
        .unwrap();
    let mut statuses = Vec::new();
    crate::stage::until("it serves again", async || {
        statuses.push(get(&central, "/v1/alerts").await.status);
        statuses.last() == Some(&200)
    })
    .await;
    statuses.retain(|status| *status != 200);
    assert!(statuses.iter().all(|status| *status == 503), "{statuses:?}");
}

#[tokio::test]
async fn metadata_and_every_answer_name_the_release() {
    let stage = Stage::seeded("metadata").await;
    let central = stage.central("4.10").await;
    let answer = get(&central, "/v1/metadata").await;
    assert_eq!(answer.headers["x-central-release"], "4.10");
    assert_eq!(answer.json()["head"], 213);
    let document = get(&central, "/v1/openapi.json").await.json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    insta::assert_debug_snapshot!(paths, @r#"
    [
        "/v1/alerts",
        "/v1/detect/build",
        "/v1/images/scan",
        "/v1/metadata",
        "/v1/ping",
        "/v1/policies",
        "/v1/policies/{id}",
        "/v1/processes/deployment/{id}",
        "/v1/sensor/events",
        "/v1/sensor/stream",
    ]
    "#);
    assert!(document["components"]["schemas"]["BuildVerdict"].is_object());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            assert!(operation["responses"]["503"].is_object(), "{path} may be turned away");
        }
    }
}
