//! Central behind PgBouncer: an upgrade in transaction mode, both ways of sending statements, and what
//! the database sees of who writes.

use crate::{
    client::Connection,
    load,
    stage::{Stage, until},
};
use changeover_central::{
    database::{self, PoolBounds, StatementMode},
    release::Release,
    seed,
    server::Central,
    settings::{Settings, UpgradeMode},
    workload::Mix,
    writes,
};
use changeover_postgres::{PgBouncer, PgBouncerBuilder, PoolMode};
use rand::{SeedableRng, rngs::StdRng};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The owner's connection stays direct.
fn settings(
    stage: &Stage,
    release: &str,
    upgrade: UpgradeMode,
    pooler: &PgBouncer,
    statement_mode: StatementMode,
) -> Settings {
    let database_url = stage.pooled_service_url(pooler);
    Settings { database_url, statement_mode, ..stage.settings(release, upgrade) }
}

async fn start(
    stage: &Stage,
    choose: impl FnOnce(PgBouncerBuilder) -> PgBouncerBuilder,
) -> PgBouncer {
    let builder = choose(stage.pooler());
    tokio::task::spawn_blocking(|| builder.start()).await.expect("no panic").expect("a pooler")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_in_transaction_mode_loses_nothing() {
    let stage = Stage::empty("pooled").await;
    // Fewer sessions than connections, so that they are shared.
    let pooler = start(&stage, |builder| builder.pool_size(3)).await;
    let on = |release: &str| {
        let mode = UpgradeMode::Changeover;
        settings(&stage, release, mode, &pooler, StatementMode::Unnamed)
    };
    let old = Central::start(on("4.8")).await.expect("4.8 starts");
    seed::seed(stage.population, 1, &stage.owner_url(), |_| {}).await.expect("rows are made");
    let mix = Mix::new(stage.population);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..2)
        .map(|i| tokio::spawn(load::client_until(mix, old.address(), i, Arc::clone(&stop))))
        .collect();
    let new = Central::start(on("4.9")).await.expect("4.9 starts");
    let ledger = stage.owner().await;
    until("what runs online is done", async || {
        let sql =
            "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
        ledger.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    // Both serve through the same few sessions.
    let mut acknowledged = load::client(mix, new.address(), 99, 100).await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        acknowledged.extend(writer.await.expect("no failed request"));
    }
    old.drain().await;
    acknowledged.extend(load::client(mix, new.address(), 100, 100).await);
    assert!(acknowledged.len() > 200, "{}", acknowledged.len());
    let found = writes::count_writes(&stage.owner_url(), &acknowledged).await.unwrap();
    assert_eq!((found.missing, found.doubled), (vec![], vec![]));
    new.drain().await;
    let sql = "SELECT count(*) FROM changeover.instance WHERE state <> 'left'";
    assert_eq!(ledger.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// Two instances at once, so that two sessions are open, which are handed out in turn. Gives the
/// status of the first answer that is not right.
async fn first_failure(stage: &Stage, pooler: &PgBouncer, mode: StatementMode) -> Option<u16> {
    let mut instances = Vec::new();
    for _ in 0..2 {
        let settings = settings(stage, "4.9", UpgradeMode::None, pooler, mode);
        let central = Central::start(settings).await.expect("it starts");
        let connection = Connection::http1(central.address()).await;
        instances.push((central, connection));
    }
    let mix = Mix::new(stage.population);
    let mut rng = StdRng::seed_from_u64(7);
    for sequence in 0..60 {
        let requests = [mix.next(&mut rng, 2 * sequence), mix.next(&mut rng, 2 * sequence + 1)];
        let [(_, one), (_, other)] = &mut instances[..] else { unreachable!("two were started") };
        let answers = tokio::join!(one.mix(&requests[0]), other.mix(&requests[1]));
        for (request, answer) in requests.iter().zip([answers.0, answers.1]) {
            let answer = answer.expect("an answer");
            if Mix::check(request, answer.status, &answer.body).is_err() {
                return Some(answer.status);
            }
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prepared_statements_need_a_session_or_a_pooler_that_keeps_them() {
    let stage = Stage::seeded("prepared").await;
    // The schema of 4.9.
    stage.central("4.9").await.drain().await;
    let in_turn =
        |builder: PgBouncerBuilder| builder.pool_size(2).setting("server_round_robin", "1");
    let transactions = start(&stage, in_turn).await;
    assert_eq!(first_failure(&stage, &transactions, StatementMode::Unnamed).await, None);
    let sessions = start(&stage, |builder| builder.pool_mode(PoolMode::Session)).await;
    assert_eq!(first_failure(&stage, &sessions, StatementMode::Prepared).await, None);
    assert_eq!(first_failure(&stage, &sessions, StatementMode::Unnamed).await, None);
    // Debian 12 has 1.18, which hands out sessions without their clients' statements.
    if transactions.can_keep_prepared_statements() {
        let keeping =
            start(&stage, |builder| in_turn(builder).setting("max_prepared_statements", "100"))
                .await;
        assert_eq!(first_failure(&stage, &keeping, StatementMode::Prepared).await, None);
    } else {
        let failure = first_failure(&stage, &transactions, StatementMode::Prepared).await;
        assert_eq!(failure, Some(500));
    }
}

/// The head of the one that writes stands in `application_name`; a session that clients share must show
/// the name of the one whose transaction it is.
#[tokio::test]
async fn the_database_sees_which_head_writes_on_a_shared_session() {
    let stage = Stage::seeded("heads").await;
    let pooler = start(&stage, |builder| builder.pool_size(1)).await;
    let url = stage.pooled_service_url(&pooler);
    let pools = ["4.8", "4.9"].map(|name| {
        database::pool(
            &url,
            Release::named(name).expect("it exists"),
            PoolBounds::of(1),
            None,
            None,
        )
        .expect("a pool")
    });
    let mut seen = Vec::new();
    for _ in 0..2 {
        for pool in &pools {
            let client = pool.get().await.expect("a connection");
            let sql = "SELECT current_setting('application_name'), pg_backend_pid()";
            let row = client.query_typed_one(sql, &[]).await.expect("an answer");
            seen.push((row.get::<_, String>(0), row.get::<_, i32>(1)));
        }
    }
    let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
    let (old, new) = ("changeover@208/central/4.8", "changeover@210/central/4.9");
    assert_eq!(names, [old, new, old, new]);
    assert!(seen.iter().all(|(_, backend)| *backend == seen[0].1), "{seen:?}");
}
