//! What instances ask of the database when nothing happens: counted in statements, not in time.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::{Changeover, Options, Pace};
use changeover_postgres::Server;
use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE t (id integer PRIMARY KEY, c integer); \
     INSERT INTO t SELECT g FROM generate_series(1, 2000) g;",
);
const FILL: (&str, &str) =
    ("0002_fill.sql", "ALTER TABLE t ADD COLUMN d integer; UPDATE t SET d = id + 1;");

/// A database whose statements are counted.
async fn counted() -> (Database, Client) {
    let start = || {
        Server::builder()
            .major(15)
            .setting("shared_preload_libraries", "pg_stat_statements")
            .setting("max_connections", "300")
            .start()
    };
    let server = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let database = Database::on(Box::leak(Box::new(server))).await;
    let admin = database.connect("postgres").await;
    admin.batch_execute("CREATE EXTENSION pg_stat_statements").await.unwrap();
    (database, admin)
}

const RESET: &str = "SELECT pg_stat_statements_reset()";
/// Statements of our roles on this database, one a call.
const CALLS: &str = "SELECT coalesce(sum(s.calls), 0)::bigint FROM pg_stat_statements s \
      JOIN pg_roles r ON r.oid = s.userid \
     WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
       AND r.rolname IN ('shop_owner', 'shop_service')";

/// Like a service's in production; only the beats, by which is counted, are closer.
fn timed(mut options: Options, poll: Duration, heartbeat: Duration) -> Options {
    options.timing.poll = poll;
    options.timing.heartbeat = heartbeat;
    options.timing.instance_ttl = Duration::from_secs(60);
    options
}

/// How many statements there are in a polling time, over some beats of one instance: the beats are what is
/// counted by, so a slow machine counts both more slowly.
async fn per_poll(admin: &Client, id: uuid::Uuid, poll: Duration, beats: u32) -> f64 {
    let beat = format!("SELECT heartbeat_at::text FROM changeover.instance WHERE id = '{id}'");
    admin.batch_execute(RESET).await.unwrap();
    let began = Instant::now();
    for _ in 0..beats {
        let before: String = value(admin, &beat).await;
        until("it beats", || async { value::<String>(admin, &beat).await != before }).await;
    }
    let polls = began.elapsed().as_secs_f64() / poll.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let calls = value::<i64>(admin, CALLS).await as f64;
    calls / polls
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_instance_asks_little() {
    let (database, admin) = counted().await;
    let poll = Duration::from_millis(20);
    let options = timed(database.options("1", &[BASE]), poll, poll * 10);
    let one = Changeover::start(options).await.unwrap();
    one.wait_until_servable().await.unwrap();
    one.mark_serving().await.unwrap();
    // Its pauses grow to their bound meanwhile.
    per_poll(&admin, one.instance_id(), poll, 25).await;
    let statements = per_poll(&admin, one.instance_id(), poll, 25).await;
    // A beat in ten polling times, and a look of four statements in fifty. Were its pauses not to grow,
    // it would be one in ten: 0.5 in all.
    assert!(statements < 0.3, "{statements} statements in a polling time");
    one.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_waiters_ask_little() {
    let (database, admin) = counted().await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    // The polling time of production: at a tenth of it, twenty that do not back off would keep the server so
    // busy that they could not ask more than twenty that do.
    let poll = Duration::from_millis(200);
    let mut options = timed(database.options("2", &[BASE, FILL]), poll, poll * 2);
    // Never done within this test.
    options.pace = Pace {
        batch_rows_first: 1,
        batch_rows_max: 1,
        rest_ratio: Some(1_000.0),
        ..Pace::default()
    };
    let mut instances = Vec::new();
    for _ in 0..21 {
        let instance = Changeover::start(options.clone()).await.unwrap();
        instance.wait_until_servable().await.unwrap();
        instance.mark_serving().await.unwrap();
        instances.push(instance);
    }
    let owner = database.connect(OWNER).await;
    let waiters = "SELECT count(*) FROM changeover.term_waiter";
    until("twenty wait", || async { value::<i64>(&owner, waiters).await == 20 }).await;
    // Their pauses grow to their bound meanwhile: two seconds, after six.
    per_poll(&admin, instances[0].instance_id(), poll, 20).await;
    let statements = per_poll(&admin, instances[0].instance_id(), poll, 20).await / 20.0;
    // Of each: a beat in two polling times; a round of four statements and four looks in ten. The holder's
    // share, renewals and a batch now and then, is spread over the twenty. Without growing pauses there
    // would be eight and a half.
    assert!(statements < 2.5, "{statements} statements of a waiter in a polling time");
    for instance in instances {
        instance.leave().await.unwrap();
    }
    assert_eq!(value::<i64>(&owner, waiters).await, 0, "who leaves waits no longer");
}

/// Rows of instances and events do not pile up, and what is still needed stays.
#[tokio::test]
async fn what_is_old_is_forgotten() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    owner
        .batch_execute(
            "INSERT INTO changeover.instance (id, app, release, head, state, ttl_ms, host, pid, \
                                              heartbeat_at, serving_at, left_at) \
             SELECT gen_random_uuid(), 'shop', '1', 1, 'left', 1000, 'h', g, t, t, t \
               FROM generate_series(1, 100) g, \
                    LATERAL (SELECT clock_timestamp() - interval '8 days' - g * interval '1 hour' AS t) s; \
             INSERT INTO changeover.instance (id, app, release, head, state, ttl_ms, host, pid) \
             VALUES (gen_random_uuid(), 'shop', '1', 1, 'starting', 1000, 'new', 0); \
             INSERT INTO changeover.event (app, kind, detail) \
             SELECT 'shop', 'many', '' FROM generate_series(1, 10100); \
             INSERT INTO changeover.event (app, at, kind, detail) \
             SELECT 'shop', clock_timestamp() - interval '91 days', 'old', '' FROM generate_series(1, 50); \
             INSERT INTO changeover.event (app, at, kind, detail) \
             VALUES ('other', clock_timestamp() - interval '1 year', 'theirs', '')",
        )
        .await
        .unwrap();
    migrate(database.options("2", &[BASE, FILL])).await.unwrap();
    let left = "SELECT string_agg(host || pid, ' ' ORDER BY host) FROM changeover.instance";
    assert_eq!(
        value::<String>(&owner, left).await,
        "h1 new0",
        "the one that served last, and the living"
    );
    let old = "SELECT count(*) FROM changeover.event WHERE kind = 'old'";
    assert_eq!(value::<i64>(&owner, old).await, 0);
    let all = "SELECT count(*) FROM changeover.event WHERE app = 'shop'";
    assert!(value::<i64>(&owner, all).await <= 10_000);
    assert_eq!(
        value::<i64>(&owner, "SELECT count(*) FROM changeover.event WHERE app = 'other'").await,
        1
    );
    let service = database.connect(SERVICE).await;
    service.batch_execute("SELECT FROM changeover.instance").await.unwrap();
}
