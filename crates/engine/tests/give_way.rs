//! A newer release that is rolled out while an older one's online steps run serves long before they end.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::status::StatusReader;
use changeover::{Changeover, Options, Pace};
use common::{Database, OWNER, SERVICE, STATE_WAIT, migrate, until, value};
use tokio_postgres::Client;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE orders (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
     CREATE TABLE customers (id bigserial PRIMARY KEY, name text);
     INSERT INTO orders (payload)
     SELECT jsonb_build_object('total', g) FROM generate_series(1, 5000) g;
     INSERT INTO customers (name) SELECT 'n' || g FROM generate_series(1, 100) g;",
);
const TOTAL: (&str, &str) = (
    "0002_total.sql",
    "ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload->>'total')::bigint;",
);
const INDEX: (&str, &str) = ("0002_index.sql", "CREATE INDEX customers_name ON customers (name);");
const EMAIL: (&str, &str) = (
    "0003_email.sql",
    "ALTER TABLE customers ADD COLUMN email text;
     UPDATE customers SET email = name || '@example.org';
     CREATE TABLE invoices (id bigint PRIMARY KEY);",
);
const REFUSED: (&str, &str) =
    ("0003_refused.sql", "ALTER TABLE orders RENAME COLUMN payload TO body;");

/// One row a batch, and a hundred times as long a pause: never done within this test.
fn as_slow_as_hours(mut options: Options) -> Options {
    options.pace =
        Pace { batch_rows_first: 1, batch_rows_max: 1, rest_ratio: Some(100.0), ..Pace::default() };
    options
}

async fn servable(release: &Changeover) {
    tokio::time::timeout(STATE_WAIT, release.wait_until_servable())
        .await
        .expect("not servable in time")
        .unwrap();
    release.mark_serving().await.unwrap();
}

async fn rows_filled(owner: &Client) -> i64 {
    value(owner, "SELECT coalesce(sum(done), 0)::bigint FROM changeover.progress").await
}

const OPEN_ONLINE: &str = "SELECT count(*) FROM changeover.step \
      WHERE state <> 'done' AND phase <> 'contract'";
const ATTEMPTS: &str = "SELECT attempts FROM changeover.step WHERE kind = 'index_build'";

#[tokio::test]
async fn a_newer_release_serves_long_before_an_older_ones_backfill_ends() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let two = as_slow_as_hours(database.options("2", &[BASE, TOTAL]));
    let two = Changeover::start(two).await.unwrap();
    servable(&two).await;
    until("the backfill is under way", || async { rows_filled(&owner).await > 0 }).await;

    let three = Changeover::start(database.options("3", &[BASE, TOTAL, EMAIL])).await.unwrap();
    servable(&three).await;
    owner.batch_execute("SELECT id FROM invoices; SELECT email FROM customers").await.unwrap();
    assert!(value::<i64>(&owner, ATTEMPTS_OF_BACKFILL).await > 0);

    until("both releases' online steps are done", || async {
        value::<i64>(&owner, OPEN_ONLINE).await == 0
    })
    .await;
    let wrong = "SELECT (SELECT count(*) FROM orders \
                          WHERE total IS DISTINCT FROM (payload->>'total')::bigint) \
                      + (SELECT count(*) FROM customers \
                          WHERE email IS DISTINCT FROM name || '@example.org')";
    assert_eq!(value::<i64>(&owner, wrong).await, 0);
    assert_eq!(value::<i64>(&owner, REPEATED).await, 0, "rows were worked twice");
    two.leave().await.unwrap();
    three.leave().await.unwrap();
}

/// Begun by both releases.
const ATTEMPTS_OF_BACKFILL: &str =
    "SELECT sum(attempts)::bigint FROM changeover.step WHERE kind = 'backfill' AND migration = 2";
/// Rows that a backfill looked at beyond those that there are.
const REPEATED: &str = "SELECT sum(done)::bigint - 5000 FROM changeover.progress \
      WHERE step IN (SELECT id FROM changeover.step WHERE kind = 'backfill' AND migration = 2)";

/// A build waits for every older transaction: with one open it never ends.
#[tokio::test]
async fn a_newer_release_does_not_wait_for_an_index_build() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let (owner, looker) = (database.connect(OWNER).await, database.connect(SERVICE).await);
    looker.batch_execute("BEGIN; UPDATE customers SET name = name WHERE id = 1").await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, INDEX])).await.unwrap();
    servable(&two).await;
    until("the build is under way", || async { builds(&owner).await == 1 }).await;

    let three = Changeover::start(database.options("3", &[BASE, INDEX, INVOICES])).await.unwrap();
    servable(&three).await;
    until("the build is under way again", || async {
        value::<i32>(&owner, ATTEMPTS).await == 2 && builds(&owner).await == 1
    })
    .await;
    looker.batch_execute("COMMIT").await.unwrap();
    until("the index is built", || async { value::<i64>(&owner, OPEN_ONLINE).await == 0 }).await;
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'customers_name'::regclass";
    assert!(value::<bool>(&owner, valid).await);
    two.leave().await.unwrap();
    three.leave().await.unwrap();
}

const INVOICES: (&str, &str) =
    ("0003_invoices.sql", "CREATE TABLE invoices (id bigint PRIMARY KEY);");

/// What loses its work when cancelled is cancelled a bounded number of times.
#[tokio::test]
async fn a_build_that_was_begun_often_is_waited_for() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let (owner, looker) = (database.connect(OWNER).await, database.connect(SERVICE).await);
    looker.batch_execute("BEGIN; UPDATE customers SET name = name WHERE id = 1").await.unwrap();
    let two = Changeover::start(database.options("2", &[BASE, INDEX])).await.unwrap();
    servable(&two).await;
    until("the build is under way", || async { builds(&owner).await == 1 }).await;
    two.leave().await.unwrap();
    owner
        .batch_execute("UPDATE changeover.step SET attempts = 3 WHERE kind = 'index_build'")
        .await
        .unwrap();
    let two = Changeover::start(database.options("2", &[BASE, INDEX])).await.unwrap();
    until("the build is under way again", || async { builds(&owner).await == 1 }).await;

    let three = Changeover::start(database.options("3", &[BASE, INDEX, INVOICES])).await.unwrap();
    let waits = "SELECT count(*) FROM changeover.term_waiter WHERE head = 3";
    until("release 3 waits", || async { value::<i64>(&owner, waits).await == 1 }).await;
    let renewals = "SELECT expires_at::text FROM changeover.term";
    for _ in 0..3 {
        let before: String = value(&owner, renewals).await;
        until("the term is renewed", || async {
            value::<String>(&owner, renewals).await != before
        })
        .await;
    }
    assert_eq!(value::<i32>(&owner, ATTEMPTS).await, 4, "begun once more, and not cancelled");
    assert_eq!(builds(&owner).await, 1);
    looker.batch_execute("COMMIT").await.unwrap();
    servable(&three).await;
    two.leave().await.unwrap();
    three.leave().await.unwrap();
}

/// Sessions that build an index, or first remove what a cancelled build has left.
async fn builds(owner: &Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                  AND state = 'active' \
                  AND query ~ '^(CREATE|DROP) INDEX CONCURRENTLY'";
    value(owner, sql).await
}

/// A release that is refused says so at once, and the older one's work goes on undisturbed.
#[tokio::test]
async fn a_refused_release_disturbs_nobody() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let two = as_slow_as_hours(database.options("2", &[BASE, TOTAL]));
    let two = Changeover::start(two).await.unwrap();
    servable(&two).await;
    until("the backfill is under way", || async { rows_filled(&owner).await > 0 }).await;
    let epoch: i64 = value(&owner, "SELECT epoch FROM changeover.term").await;

    let options = database.options("3", &[BASE, TOTAL, REFUSED]);
    let three = Changeover::start(options).await.unwrap();
    let refused = tokio::time::timeout(STATE_WAIT, three.wait_until_servable())
        .await
        .expect("not refused in time")
        .unwrap_err();
    // Enough to act on, in a log line as in `status`.
    let text = changeover::chain(&refused);
    assert!(text.contains("0003_refused.sql:1 (") && text.contains("instead: "), "{text}");
    let reader = StatusReader::connect(&database.url(SERVICE), "shop").await.unwrap();
    let status = reader.read().await.unwrap();
    assert_eq!(status.refused.len(), 1, "{status:?}");
    let told = &status.refused[0];
    assert_eq!((told.release.as_str(), told.head, told.times, told.total), ("3", 3, 1, 1));
    assert_eq!((told.refusals[0].file.as_str(), told.refusals[0].line), ("0003_refused.sql", 1));
    assert!(!told.refusals[0].remedy.is_empty());
    let before = rows_filled(&owner).await;
    until("the backfill goes on", || async { rows_filled(&owner).await > before + 2 }).await;
    assert_eq!(value::<i64>(&owner, "SELECT epoch FROM changeover.term").await, epoch);
    three.leave().await.unwrap();
    two.leave().await.unwrap();
}
