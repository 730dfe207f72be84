//! Going back while an upgrade is under way, going forward by two, and two upgrades at once: releases
//! start and restart in any order, and the ledger knows better than any of them.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{
    load,
    stage::{Stage, until},
};
use changeover::{Hook, Options, PausePoint};
use changeover_central::{
    migration, release::Release, roles, seed, server::Central, settings::UpgradeMode,
    workload::Mix, writes,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// All that an older release must leave alone.
const LEDGER: &str = "SELECT jsonb_build_object(
    'app', (SELECT jsonb_agg(to_jsonb(a)) FROM changeover.app a),
    'migration', (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.number) FROM changeover.migration m),
    'plan', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM changeover.plan p),
    'step', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM changeover.step s),
    'progress', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.step, p.part) FROM changeover.progress p),
    'epoch', (SELECT max(epoch) FROM changeover.term))::text";

async fn start(stage: &Stage, release: &str) -> Central {
    Central::start(stage.settings(release, UpgradeMode::Changeover)).await.expect("it starts")
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.expect("it reads").get(0)
}

async fn is_settled(client: &Client) -> bool {
    let sql = "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
    client.query_one(sql, &[]).await.expect("it counts").get::<_, i64>(0) == 0
}

async fn nothing_differs(client: &Client) {
    let row = client.query_one(include_str!("columns_that_differ.sql"), &[]).await.unwrap();
    let differ: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!(differ, [0; 3]);
}

fn options(stage: &Stage, release: &str) -> Options {
    let head = Release::named(release).unwrap().head;
    let files = migration::migrations_up_to(head);
    let mut options =
        Options::new("central", release, changeover_plan::source::read(&files).unwrap());
    options.owner_url = Some(stage.owner_url());
    options.service_roles = vec![roles::SERVICE.to_owned()];
    options.pace.batch_rows_first = 16;
    options.pace.batch_rows_max = 16;
    options
}

/// Migrates to a release and dies at the first step of a kind that reaches this point.
async fn die_at(stage: &Stage, release: &str, point: PausePoint, kind: &'static str) {
    let died = CancellationToken::new();
    let signal = died.clone();
    let mut options = options(stage, release);
    options.hook = Hook::new(move |pause| {
        let signal = signal.clone();
        async move {
            if pause.point == point && pause.kind == Some(kind) {
                signal.cancel();
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        ended = changeover::operate::migrate(options, CancellationToken::new()) => {
            panic!("ended before it died: {ended:?}")
        }
        () = died.cancelled() => {}
    }
}

/// A database on which 4.9 serves and its upgrade is through.
async fn on_4_9(name: &str) -> (Stage, Central, Client) {
    let stage = Stage::empty(name).await;
    let older = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let central = start(&stage, "4.9").await;
    let ledger = stage.owner().await;
    until("4.9's upgrade is through", async || is_settled(&ledger).await).await;
    older.drain().await;
    (stage, central, ledger)
}

/// 4.9 is rolled out again beside what a 4.10 has left: it serves, right, and touches no ledger. Then
/// 4.10 comes back and ends what it began.
async fn back_and_forth(stage: Stage, central: Central, ledger: Client) {
    let before = text(&ledger, LEDGER).await;
    let mix = Mix::new(stage.population);
    let again = start(&stage, "4.9").await;
    let mut acknowledged = load::client(mix, again.address(), 1, 60).await;
    acknowledged.extend(load::client(mix, central.address(), 2, 60).await);
    central.drain().await;
    assert_eq!(text(&ledger, LEDGER).await, before, "an older release wrote the ledger");

    let newer = start(&stage, "4.10").await;
    until("4.10's upgrade is through", async || is_settled(&ledger).await).await;
    acknowledged.extend(load::client(mix, newer.address(), 3, 60).await);
    again.drain().await;
    nothing_differs(&ledger).await;
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    newer.drain().await;
}

#[tokio::test]
async fn back_to_4_9_in_mid_expand() {
    let (stage, central, ledger) = on_4_9("mid_expand").await;
    die_at(&stage, "4.10", PausePoint::AfterStep, "ddl").await;
    back_and_forth(stage, central, ledger).await;
}

#[tokio::test]
async fn back_to_4_9_in_mid_backfill() {
    let (stage, central, ledger) = on_4_9("mid_backfill").await;
    die_at(&stage, "4.10", PausePoint::AfterBatch, "backfill").await;
    back_and_forth(stage, central, ledger).await;
}

#[tokio::test]
async fn back_to_4_9_after_all_is_done() {
    let (stage, central, ledger) = on_4_9("completed").await;
    let ended = changeover::operate::migrate(options(&stage, "4.10"), CancellationToken::new());
    assert!(ended.await.unwrap().failed.is_empty());
    back_and_forth(stage, central, ledger).await;
}

/// Two upgrades from 4.8 under load: `releases` are rolled out at the same moment.
async fn forward_under_load(name: &str, releases: &[&str]) {
    let stage = Stage::empty(name).await;
    let older = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let ledger = stage.owner().await;
    let mix = Mix::new(stage.population);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(load::client_until(mix, older.address(), 1, Arc::clone(&stop)));
    let newer =
        futures_util::future::join_all(releases.iter().map(|release| start(&stage, release))).await;
    until("both upgrades are through", async || {
        let head = "SELECT head FROM changeover.app";
        ledger.query_one(head, &[]).await.unwrap().get::<_, i64>(0) == 213
            && is_settled(&ledger).await
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = writer.await.expect("no failed request");
    for (seed, central) in (2..).zip(&newer) {
        acknowledged.extend(load::client(mix, central.address(), seed, 60).await);
    }
    acknowledged.extend(load::client(mix, older.address(), 9, 60).await);
    nothing_differs(&ledger).await;
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    // Going back the way one came: nothing that 4.8 needs has gone.
    assert_eq!(text(&ledger, "SELECT floor::text FROM changeover.app").await, "208");
    // A long step is given way with and begun again by the newer release, from where it was.
    let twice = "SELECT count(*)::text FROM changeover.step WHERE attempts > 1
        AND kind NOT IN ('backfill', 'backfill_check', 'index_build', 'constraint_validate')";
    assert_eq!(text(&ledger, twice).await, "0", "a step was begun twice");
    older.drain().await;
    for central in newer {
        central.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_4_8_to_4_10_in_one_go() {
    forward_under_load("jump", &["4.10"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn releases_4_9_and_4_10_at_the_same_time() {
    forward_under_load("both", &["4.9", "4.10"]).await;
}

/// ACS' own hole: an old central that restarts after the migration gets the free lock and writes its
/// own number back. Here it serves, and the ledger stays as it is.
#[tokio::test]
async fn release_4_8_restarted_after_the_expand_of_4_9_serves_and_writes_no_ledger() {
    let stage = Stage::empty("restarted").await;
    let older = start(&stage, "4.8").await;
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let ledger = stage.owner().await;
    die_at(&stage, "4.9", PausePoint::BeforeStep, "backfill").await;
    let before = text(&ledger, LEDGER).await;
    older.drain().await;
    let restarted = start(&stage, "4.8").await;
    let mix = Mix::new(stage.population);
    let acknowledged = load::client(mix, restarted.address(), 1, 100).await;
    assert_eq!(text(&ledger, LEDGER).await, before, "an older release wrote the ledger");
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    restarted.drain().await;
}
