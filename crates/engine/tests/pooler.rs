//! Poolers between us and the server: refused where sessions of the server are needed, no hindrance
//! to instances.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::status::StatusReader;
use changeover::{Changeover, Error, operate};
use changeover_postgres::{PgBouncer, PgBouncerBuilder, PoolMode, Server};
use common::{Database, OWNER, SERVICE, migrate, until, value};

const ORDERS: (&str, &str) =
    ("0001_orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, legacy text);");
const TOTAL: (&str, &str) = (
    "0002_total.sql",
    "ALTER TABLE orders ADD COLUMN total bigint; UPDATE orders SET total = id * 2;",
);

async fn start(
    server: &'static Server,
    choose: impl FnOnce(PgBouncerBuilder) -> PgBouncerBuilder,
) -> PgBouncer {
    let builder = choose(PgBouncer::in_front_of(server));
    tokio::task::spawn_blocking(|| builder.start()).await.unwrap().unwrap()
}

/// Leaves as many idle sessions in the pool as the self-test has connections: handed out in turn, each
/// connection would meet the same one again and again.
async fn fill(url: &str) {
    let mut busy = Vec::new();
    for _ in 0..4 {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("BEGIN").await.unwrap();
        busy.push(client);
    }
    for client in busy {
        client.batch_execute("COMMIT").await.unwrap();
    }
}

/// Whether the ledger was made.
async fn has_ledger(database: &Database) -> bool {
    let admin = database.connect("postgres").await;
    value(&admin, "SELECT to_regnamespace('changeover') IS NOT NULL").await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_shared_are_refused_before_anything_is_changed() {
    let database = Database::new(15).await;
    for (mode, ignored, size) in [
        (PoolMode::Transaction, "", 20),
        (PoolMode::Transaction, "options", 20),
        (PoolMode::Transaction, "", 1),
        (PoolMode::Statement, "", 20),
    ] {
        for round_robin in ["0", "1"] {
            let pooler = start(database.server, |builder| {
                builder
                    .pool_mode(mode)
                    .pool_size(size)
                    .setting("ignore_startup_parameters", ignored)
                    .setting("server_round_robin", round_robin)
            })
            .await;
            if mode == PoolMode::Transaction && size > 1 {
                fill(&pooler.url(OWNER, &database.name)).await;
            }
            let case = format!("{mode:?}, {size} sessions, ignoring {ignored:?}, {round_robin}");
            let mut options = database.options("1", &[ORDERS]);
            options.owner_url = Some(pooler.url(OWNER, &database.name));
            let refused = [
                migrate(options.clone()).await.err(),
                operate::adopt(&options, 1).await.err(),
                operate::finalize(&options, 1, None).await.err(),
                operate::plan(&options).await.err(),
                Changeover::start(options).await.err(),
            ];
            for error in refused {
                let error = error.unwrap_or_else(|| panic!("not refused: {case}"));
                assert!(matches!(error, Error::Pooled { .. }), "{case}: {error}");
                assert!(error.remedy().unwrap().contains("owner_url"), "{case}: {error}");
            }
        }
    }
    assert!(!has_ledger(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_ones_own_are_accepted() {
    for ignored in ["", "options"] {
        let database = Database::new(15).await;
        let pooler = start(database.server, |builder| {
            builder.pool_mode(PoolMode::Session).setting("ignore_startup_parameters", ignored)
        })
        .await;
        let mut options = database.options("1", &[ORDERS]);
        options.owner_url = Some(pooler.url(OWNER, &database.name));
        migrate(options).await.unwrap();
        assert!(has_ledger(&database).await);
    }
}

/// A process that cannot open as many sessions as a migration needs is told so at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_room_is_refused() {
    let database = Database::new(15).await;
    let pooler =
        start(database.server, |builder| builder.pool_mode(PoolMode::Session).pool_size(1)).await;
    let mut options = database.options("1", &[ORDERS]);
    options.owner_url = Some(pooler.url(OWNER, &database.name));
    let error = migrate(options).await.unwrap_err();
    assert!(matches!(error, Error::Pooled { .. }), "{error}");
    assert!(error.to_string().contains("could not be told"), "{error}");
    assert!(!has_ledger(&database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_lives_behind_a_pooler_in_transaction_mode() {
    for size in [1, 2] {
        let database = Database::new(15).await;
        let pooler = start(database.server, |builder| builder.pool_size(size)).await;
        let pooled = pooler.url(SERVICE, &database.name);
        let mut first = database.options("1", &[ORDERS]);
        first.service_url = Some(pooled.clone());
        let first = Changeover::start(first).await.unwrap();
        first.wait_until_servable().await.unwrap();
        first.mark_serving().await.unwrap();

        let mut second = database.options("2", &[ORDERS, TOTAL]);
        second.service_url = Some(pooled.clone());
        let second = Changeover::start(second).await.unwrap();
        // One that never migrates reads all it needs through the pooler.
        let mut third = database.options("2", &[ORDERS, TOTAL]);
        third.service_url = Some(pooled.clone());
        third.owner_url = None;
        let third = Changeover::start(third).await.unwrap();
        for instance in [&second, &third] {
            instance.wait_until_servable().await.unwrap();
            instance.mark_serving().await.unwrap();
        }
        let check = "0002.2.check".into();
        until("the backfill is done", async || third.is_done(&check).await.unwrap()).await;
        assert!(!third.is_done(&"0002.2.nothing".into()).await.unwrap());

        let admin = database.connect("postgres").await;
        let alive = "SELECT count(*) FROM changeover.instance WHERE state = 'serving' \
                     AND heartbeat_at > registered_at";
        until("all three beat", async || value::<i64>(&admin, alive).await == 3).await;
        let status = StatusReader::connect(&pooled, "shop").await.unwrap().read().await.unwrap();
        assert_eq!(status.instances.len(), 3);

        first.drain().await.unwrap();
        for instance in [first, second, third] {
            instance.leave().await.unwrap();
        }
        let left = "SELECT count(*) FROM changeover.instance WHERE state = 'left'";
        assert_eq!(value::<i64>(&admin, left).await, 3);
        expect_nothing_leaked(&pooler, &database).await;
    }
}

/// A session's settings would go on to the next client of that backend.
async fn expect_nothing_leaked(pooler: &PgBouncer, database: &Database) {
    let url = pooler.url(SERVICE, &database.name);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client
        .query_typed(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name NOT IN \
                ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', \
                 'standard_conforming_strings')",
            &[],
        )
        .await
        .unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, Vec::<String>::new());
}
