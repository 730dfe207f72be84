//! More requests than connections: who cannot be served in time is told so, and told when to come again.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{
    client::once,
    stage::{Stage, until},
};
use changeover_central::{
    server::Central,
    settings::{Settings, UpgradeMode},
};
use std::time::Duration;

/// Pages of alerts that wait for a lock, each with a connection of its own.
const BLOCKED: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE wait_event_type = 'Lock' AND application_name LIKE 'changeover@%' \
      AND datname = current_database()";

const CONNECTIONS: usize = 2;

async fn central(stage: &Stage, pool_wait: Duration, pool_waiting_max: usize) -> Central {
    let settings = Settings {
        pool_connections_max: CONNECTIONS,
        pool_wait,
        pool_waiting_max,
        ..stage.settings("4.9", UpgradeMode::InOneGo)
    };
    Central::start(settings).await.expect("it starts")
}

/// Requests that take all connections and keep them until the lock is gone.
async fn take_all(
    central: &Central,
    stage: &Stage,
    blocker: &tokio_postgres::Client,
) -> Vec<tokio::task::JoinHandle<u16>> {
    blocker.batch_execute("BEGIN; LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // Within a transaction, sessions are seen as they were at its first look.
    let observer = stage.superuser().await;
    let address = central.address();
    let mut taken = Vec::new();
    // One after the other, so that none waits for another's.
    for count in 1..=CONNECTIONS {
        let request = async move { once(address, "GET", "/v1/alerts", "").await.status };
        taken.push(tokio::spawn(request));
        until("it has a connection", async || {
            let row = observer.query_one(BLOCKED, &[]).await.unwrap();
            usize::try_from(row.get::<_, i64>(0)).unwrap() == count
        })
        .await;
    }
    taken
}

#[tokio::test]
async fn who_gets_no_connection_in_time_is_told_when_to_come_again() {
    let stage = Stage::seeded("turned_away").await;
    let central = central(&stage, Duration::from_millis(100), 10).await;
    let blocker = stage.superuser().await;
    let taken = take_all(&central, &stage, &blocker).await;
    // As long as the lock is held, nobody could be served.
    for _ in 0..3 {
        let answer = once(central.address(), "GET", "/v1/alerts", "").await;
        let json = answer.json();
        assert_eq!((answer.status, json["code"].as_str()), (503, Some("unavailable")), "{json}");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    // What needs no connection is served.
    assert_eq!(once(central.address(), "GET", "/v1/ping", "").await.status, 200);
    blocker.batch_execute("COMMIT").await.unwrap();
    for request in taken {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(once(central.address(), "GET", "/v1/alerts", "").await.status, 200);
}

#[tokio::test]
async fn no_more_wait_than_may() {
    let stage = Stage::seeded("queue").await;
    let patient = Duration::from_secs(600);
    let central = central(&stage, patient, 1).await;
    let blocker = stage.superuser().await;
    let taken = take_all(&central, &stage, &blocker).await;
    let address = central.address();
    let waits = tokio::spawn(async move { once(address, "GET", "/v1/alerts", "").await.status });
    until("one waits", async || central.pool_waiting() == 1).await;
    assert_eq!(once(address, "GET", "/v1/alerts", "").await.status, 503);
    assert_eq!(central.pool_waiting(), 1);
    blocker.batch_execute("COMMIT").await.unwrap();
    for request in taken.into_iter().chain([waits]) {
        assert_eq!(request.await.unwrap(), 200);
    }
}

/// The first requests do not wait for a connection to be opened.
#[tokio::test]
async fn an_instance_that_serves_has_its_first_connections() {
    let stage = Stage::seeded("first_connections").await;
    let observer = stage.superuser().await;
    let _central = central(&stage, Duration::from_secs(60), 10).await;
    let opened = "SELECT count(*) FROM pg_stat_activity \
        WHERE application_name = 'changeover@210/central/4.9' AND datname = current_database()";
    let row = observer.query_one(opened, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
}
