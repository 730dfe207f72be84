//! 4.8 → 4.9 → 4.10 by the library, the older release serving and writing all the time.

use crate::{
    load,
    stage::{Stage, until},
};
use changeover_central::{seed, server::Central, settings::UpgradeMode, workload::Mix, writes};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

async fn start(stage: &Stage, release: &str) -> Central {
    Central::start(stage.settings(release, UpgradeMode::Changeover)).await.expect("it starts")
}

/// Whether no step that is not a contract is open.
async fn is_settled(client: &tokio_postgres::Client) -> bool {
    let sql = "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
    client.query_one(sql, &[]).await.expect("it counts").get::<_, i64>(0) == 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_upgrades_under_load_lose_nothing() {
    let stage = Stage::empty("rolling").await;
    let mut serving = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let ledger = stage.owner().await;
    let mix = Mix::new(stage.population);
    let mut acknowledged = Vec::new();
    for (round, next) in [(1, "4.9"), (2, "4.10")] {
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..2)
            .map(|i| {
                let until = Arc::clone(&stop);
                tokio::spawn(load::client_until(mix, serving.address(), round * 10 + i, until))
            })
            .collect();
        let central = start(&stage, next).await;
        until("what runs online is done", async || is_settled(&ledger).await).await;
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            acknowledged.extend(writer.await.expect("no failed request"));
        }
        serving.drain().await;
        serving = central;
    }
    until("what only 4.8 needed is gone", async || {
        let sql = "SELECT count(*) FROM pg_attribute
                   WHERE attrelid = 'process_indicators'::regclass AND attname = 'legacy_start'";
        ledger.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    acknowledged.extend(load::client(mix, serving.address(), 99, 50).await);
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    let row = ledger.query_one(include_str!("columns_that_differ.sql"), &[]).await.unwrap();
    let differ: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!(differ, [0; 3]);
    serving.drain().await;
}

/// As after a rollout that is followed by the next one at once, on a table that takes hours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_release_serves_during_the_backfill_of_the_one_before() {
    let stage = Stage::empty("overtaken").await;
    let serving = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let ledger = stage.owner().await;
    let slow = |release: &str| {
        let mut settings = stage.settings(release, UpgradeMode::Changeover);
        settings.trial.batch_rows = Some(1);
        settings.trial.rest_ratio = Some(100.0);
        settings
    };
    let next = Central::start(slow("4.9")).await.expect("it starts");
    until("its backfill is under way", async || {
        let sql = "SELECT coalesce(sum(done), 0)::bigint FROM changeover.progress";
        ledger.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    let after_next = tokio::time::timeout(SERVES_WAIT, Central::start(slow("4.10")))
        .await
        .expect("it waits for the backfill")
        .expect("it starts");
    assert!(!is_settled(&ledger).await, "the backfill has ended before");
    for central in [after_next, next, serving] {
        central.drain().await;
    }
}

/// Far above what it takes, and far below what the backfill would.
const SERVES_WAIT: std::time::Duration = std::time::Duration::from_secs(180);
