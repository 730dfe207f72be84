//! Policies in two releases' memories: what one writes, the other has.

use crate::{
    client::{Answer, Connection},
    stage::{Stage, until},
};
use changeover_central::{
    population::Kind,
    request::CHANGEOVER_TOKEN,
    server::Central,
    settings::{Settings, UpgradeMode},
};
use serde_json::{Value, json};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x7777);

fn policy(tolerated: u64) -> Value {
    json!({ "name": "of a test", "severity": "HIGH", "lifecycleStage": "BUILD", "disabled": false,
        "criteria": { "minCvss": 0.0, "onlyFixable": false, "tolerated": tolerated } })
}

async fn put(central: &Central, policy: &Value) -> Answer {
    let mut connection = Connection::http1(central.address()).await;
    connection
        .send("PUT", &format!("/v1/policies/{ID}"), policy.to_string())
        .await
        .expect("an answer")
}

/// How many the policy tolerates, as an instance has it.
async fn tolerated(central: &Central, token: Option<&str>) -> Option<u64> {
    let headers: Vec<_> = token.into_iter().map(|token| (CHANGEOVER_TOKEN, token)).collect();
    let mut connection = Connection::http1(central.address()).await;
    let answer =
        connection.send_with("GET", "/v1/policies", &headers, "").await.expect("an answer");
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let list = answer.json();
    let found =
        list["policies"].as_array().expect("a list").iter().find(|one| one["id"] == json!(ID))?;
    found["criteria"]["tolerated"].as_u64()
}

async fn start(stage: &Stage, release: &str, listens: bool) -> Central {
    let settings = stage.settings(release, UpgradeMode::Changeover);
    let listen_url = listens.then(|| stage.service_url());
    Central::start(Settings { listen_url, ..settings }).await.expect("it starts")
}

async fn each_has_what_the_other_writes(listens: bool) {
    let stage = Stage::empty("policies").await;
    let old = start(&stage, "4.8", listens).await;
    let new = start(&stage, "4.9", listens).await;
    for (round, (writer, reader)) in (0..).zip([(&old, &new), (&new, &old), (&old, &new)]) {
        // At once where it is demanded, on both.
        for i in 0..20 {
            let wanted = round * 100 + i;
            let written = put(writer, &policy(wanted)).await;
            assert_eq!(written.status, 200, "{:?}", written.body);
            let token = written.headers[CHANGEOVER_TOKEN].to_str().expect("a token");
            assert_eq!(tolerated(reader, Some(token)).await, Some(wanted));
            assert_eq!(tolerated(writer, Some(token)).await, Some(wanted));
        }
        // By and by where it is not.
        let wanted = round * 100 + 50;
        put(writer, &policy(wanted)).await;
        until("the other has it", async || tolerated(reader, None).await == Some(wanted)).await;
    }
    let owner = stage.owner().await;
    owner.execute("DELETE FROM policies WHERE id = $1", &[&ID]).await.expect("it is gone");
    for central in [&old, &new] {
        until("both hear of psql", async || tolerated(central, None).await.is_none()).await;
    }
    for central in [old, new] {
        central.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_release_has_what_the_other_writes() {
    each_has_what_the_other_writes(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_release_has_what_the_other_writes_without_notifications() {
    each_has_what_the_other_writes(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verdict_follows_a_policy_that_was_just_written() {
    let stage = Stage::empty("policy_verdict").await;
    let (old, new) = (start(&stage, "4.8", false).await, start(&stage, "4.9", false).await);
    changeover_central::seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.unwrap();
    let image = json!({ "imageName": stage.population.image_name(3) }).to_string();
    let violates = async |central: &Central, token: &str| {
        let mut connection = Connection::http1(central.address()).await;
        let headers = [(CHANGEOVER_TOKEN, token)];
        let answer = connection
            .send_with("POST", "/v1/detect/build", &headers, image.clone())
            .await
            .unwrap();
        let violations = answer.json()["violations"].as_array().expect("a verdict").clone();
        violations.iter().any(|one| one["policyId"] == json!(ID))
    };
    for (tolerates, is_violated) in [(0, true), (10_000, false), (0, true)] {
        let written = put(&old, &policy(tolerates)).await;
        let token = written.headers[CHANGEOVER_TOKEN].to_str().unwrap();
        for central in [&new, &old] {
            assert_eq!(violates(central, token).await, is_violated, "{tolerates}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_policy_or_a_token_is_said() {
    let stage = Stage::seeded("bad_policies").await;
    // Without the library: no cache, no token, the database is asked each time.
    let central = stage.central("4.8").await;
    let answer = put(&central, &policy(1)).await;
    assert_eq!((answer.status, answer.headers.get(CHANGEOVER_TOKEN)), (200, None));
    assert_eq!(tolerated(&central, None).await, Some(1));
    let mut bad = policy(1);
    bad["severity"] = json!("TERRIBLE");
    let answer = put(&central, &bad).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["fields"]["severity"].is_string(), "{:?}", answer.body);
    let name = "SELECT name FROM policies WHERE id = $1";
    let taken = stage.population.key(Kind::Policy, 0);
    let row = stage.owner().await.query_one(name, &[&taken]).await.unwrap();
    let mut doubled = policy(1);
    doubled["name"] = json!(row.get::<_, String>(0));
    let answer = put(&central, &doubled).await;
    assert_eq!(answer.json()["fields"]["name"], "is another policy's", "{:?}", answer.body);

    let mut connection = Connection::http1(central.address()).await;
    for path in ["/v1/policies/none"] {
        let answer = connection.send("PUT", path, policy(1).to_string()).await.unwrap();
        assert_eq!(answer.status, 400, "{path}");
    }
    let headers = [(CHANGEOVER_TOKEN, "yesterday")];
    let answer = connection.send_with("GET", "/v1/policies", &headers, "").await.unwrap();
    assert_eq!(answer.status, 400, "{:?}", answer.body);
}
