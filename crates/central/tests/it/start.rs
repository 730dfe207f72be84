//! Starting: what is answered before migrations are done, and who may run them.

use crate::{
    client::once,
    stage::{Stage, until},
};
use changeover_central::{CentralError, server::Central, settings::UpgradeMode};
use std::net::TcpListener;

#[tokio::test]
async fn while_migrations_run_it_is_alive_but_neither_ready_nor_serving() {
    let stage = Stage::seeded("starting").await;
    // The migration of 4.9 waits for this transaction.
    let blocker = stage.owner().await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE process_indicators IN ACCESS SHARE MODE")
        .await
        .unwrap();
    let mut settings = stage.settings("4.9", UpgradeMode::InOneGo);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    settings.listen = port;
    let starting = tokio::spawn(Central::start(settings));
    until("it listens", async || tokio::net::TcpStream::connect(port).await.is_ok()).await;

    assert_eq!(once(port, "GET", "/livez", "").await.status, 200);
    assert_eq!(once(port, "GET", "/readyz", "").await.status, 503);
    // It makes progress: a startup probe must not kill it.
    assert_eq!(once(port, "GET", "/startupz", "").await.status, 200);
    let refused = once(port, "GET", "/v1/alerts", "").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("unavailable")));

    blocker.batch_execute("COMMIT").await.unwrap();
    let central = starting.await.unwrap().expect("it starts");
    for path in ["/livez", "/readyz", "/startupz", "/v1/alerts"] {
        assert_eq!(once(central.address(), "GET", path, "").await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn two_at_once_migrate_once() {
    let stage = Stage::empty("two").await;
    let start = || Central::start(stage.settings("4.10", UpgradeMode::InOneGo));
    let (one, other) = tokio::join!(start(), start());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn without_an_owner_nothing_is_migrated() {
    let stage = Stage::empty("ownerless").await;
    let mut settings = stage.settings("4.8", UpgradeMode::InOneGo);
    settings.owner_url = None;
    let error = Central::start(settings).await.expect_err("it needs an owner");
    assert!(matches!(error, CentralError::OwnerUrlMissing), "{error}");
}

#[tokio::test]
async fn the_database_sees_which_head_writes() {
    let stage = Stage::seeded("named").await;
    let central = stage.central("4.9").await;
    once(central.address(), "GET", "/v1/alerts", "").await;
    let rows = stage
        .superuser()
        .await
        .query(
            "SELECT DISTINCT application_name FROM pg_stat_activity
             WHERE datname = current_database() AND usename = 'central_service'",
            &[],
        )
        .await
        .unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["changeover@210/central/4.9"]);
}

/// An instance that is told to end while it waits for migrations must not stay in the registry.
#[tokio::test]
async fn who_never_served_leaves_at_once() {
    let stage = Stage::empty("leaves").await;
    let older = Central::start(stage.settings("4.8", UpgradeMode::Changeover)).await.unwrap();
    // The expand steps of 4.9 wait for this transaction.
    let blocker = stage.owner().await;
    blocker.batch_execute("BEGIN; LOCK TABLE process_indicators IN SHARE MODE").await.unwrap();
    let newer = Central::listen(stage.settings("4.9", UpgradeMode::Changeover)).await.unwrap();
    let address = newer.address();
    assert_eq!(once(address, "GET", "/readyz", "").await.status, 503);
    assert_eq!(once(address, "GET", "/startupz", "").await.status, 200);
    assert_eq!(once(address, "GET", "/v1/alerts", "").await.status, 503);
    newer.drain().await;

    let sql = "SELECT release FROM changeover.instance WHERE state <> 'left'";
    let rows = stage.superuser().await.query(sql, &[]).await.unwrap();
    let releases: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(releases, ["4.8"]);
    blocker.batch_execute("COMMIT").await.unwrap();
    older.drain().await;
}
