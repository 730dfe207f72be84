//! The main line: an old release writes all through an upgrade, and everything comes out right.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE orders (id bigserial PRIMARY KEY, payload jsonb NOT NULL, legacy text);
     INSERT INTO orders (payload)
     SELECT jsonb_build_object('total', g) FROM generate_series(1, 20000) g;",
);
const TOTAL: (&str, &str) = (
    "0002_total.sql",
    "ALTER TABLE orders ADD COLUMN total bigint;
     UPDATE orders SET total = (payload->>'total')::bigint;
     CREATE INDEX orders_total ON orders (total);",
);
const LEGACY: (&str, &str) = (
    "0003_legacy.sql",
    "-- changeover: unused-since=2
     ALTER TABLE orders DROP COLUMN legacy;",
);

/// Inserts, updates and deletes as the old release does: it knows nothing of `total`.
async fn old_release_writes(database: &Database, stop: Arc<AtomicBool>, writes: Arc<AtomicU64>) {
    let client = database.connect(SERVICE).await;
    let mut number: i64 = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let key = 1 + number * 37 % 20_000;
        client
            .execute(
                "INSERT INTO orders (payload) VALUES (jsonb_build_object('total', $1::bigint))",
                &[&number],
            )
            .await
            .unwrap();
        client
            .execute(
                "UPDATE orders SET payload = jsonb_build_object('total', -$1::bigint) WHERE id = $2",
                &[&number, &key],
            )
            .await
            .unwrap();
        client.execute("DELETE FROM orders WHERE id = $1", &[&(key + 5)]).await.unwrap();
        writes.fetch_add(3, Ordering::Relaxed);
    }
}

async fn upgrade_under_writes(major: u16) {
    let database = Database::new(major).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let (stop, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let outlook = {
        let writer = old_release_writes(&database, Arc::clone(&stop), Arc::clone(&writes));
        let upgrade = async {
            until("writes begin", || async { writes.load(Ordering::Relaxed) > 30 }).await;
            let outlook = migrate(database.options("2", &[BASE, TOTAL])).await.unwrap();
            let before = writes.load(Ordering::Relaxed);
            until("writes go on", || async { writes.load(Ordering::Relaxed) > before + 30 }).await;
            stop.store(true, Ordering::Relaxed);
            outlook
        };
        tokio::join!(writer, upgrade).1
    };
    assert!(outlook.failed.is_empty(), "{outlook:?}");
    let owner = database.connect(OWNER).await;
    let wrong: i64 = value(
        &owner,
        "SELECT count(*) FROM orders WHERE total IS DISTINCT FROM (payload->>'total')::bigint",
    )
    .await;
    assert_eq!(wrong, 0);
    let open: Vec<String> = value(
        &owner,
        "SELECT coalesce(array_agg(id || ' ' || state ORDER BY id), '{}') FROM changeover.step \
          WHERE state <> 'done'",
    )
    .await;
    assert_eq!(open.len(), 1, "only the sync trigger waits for the floor: {open:?}");
    let valid: bool = value(
        &owner,
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_total'::regclass",
    )
    .await;
    assert!(valid);
}

#[tokio::test]
async fn old_writes_come_out_right_on_13() {
    upgrade_under_writes(13).await;
}

#[tokio::test]
async fn old_writes_come_out_right_on_15() {
    upgrade_under_writes(15).await;
}

#[tokio::test]
async fn old_writes_come_out_right_on_18() {
    upgrade_under_writes(18).await;
}

/// What only release 1 needed goes when release 3 comes, not when release 2 does.
#[tokio::test]
async fn contract_runs_one_upgrade_later() {
    let database = Database::new(15).await;
    let one = changeover::Changeover::start(database.options("1", &[BASE])).await.unwrap();
    one.wait_until_servable().await.unwrap();
    one.mark_serving().await.unwrap();

    let two = changeover::Changeover::start(database.options("2", &[BASE, TOTAL])).await.unwrap();
    two.wait_until_servable().await.unwrap();
    two.mark_serving().await.unwrap();
    let owner = database.connect(OWNER).await;
    let owner = &owner;
    until("release 2's online steps are done", || async {
        value::<i64>(
            owner,
            "SELECT count(*) FROM changeover.step WHERE phase <> 'contract' AND state <> 'done' \
              AND migration = 2",
        )
        .await
            == 0
    })
    .await;
    one.leave().await.unwrap();
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%changeover%'";
    assert_eq!(value::<i64>(owner, triggers).await, 1, "release 1 may come back");

    let three =
        changeover::Changeover::start(database.options("3", &[BASE, TOTAL, LEGACY])).await.unwrap();
    three.wait_until_servable().await.unwrap();
    three.mark_serving().await.unwrap();
    until("what release 1 needed is gone", || async {
        value::<i64>(owner, "SELECT count(*) FROM changeover.step WHERE state <> 'done'").await == 0
    })
    .await;
    assert_eq!(value::<i64>(owner, triggers).await, 0);
    let columns: Vec<String> = value(
        owner,
        "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute \
          WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped",
    )
    .await;
    assert_eq!(columns, ["id", "payload", "total"]);
    assert_eq!(value::<i64>(owner, "SELECT floor FROM changeover.app").await, 2);

    // Release 1 is below the floor now: refused, with a code and the reason.
    let Err(refused) = changeover::Changeover::start(database.options("1", &[BASE])).await else {
        panic!("release 1 was let in below the floor");
    };
    assert_eq!(refused.to_string(), "release 1 (head 1) is below the floor 2 of application shop");
    two.leave().await.unwrap();
    three.leave().await.unwrap();
}

/// An older release that starts after the upgrade serves, and writes nothing to the ledger.
#[tokio::test]
async fn older_release_serves_and_leaves_the_ledger_alone() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    migrate(database.options("2", &[BASE, TOTAL])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let ledger =
        "SELECT md5(string_agg(t::text, '')) FROM (SELECT app, head, floor FROM changeover.app) t";
    let before: String = value(&owner, ledger).await;
    let one = changeover::Changeover::start(database.options("1", &[BASE])).await.unwrap();
    one.wait_until_servable().await.unwrap();
    one.mark_serving().await.unwrap();
    one.leave().await.unwrap();
    assert_eq!(value::<String>(&owner, ledger).await, before);
}

/// Sessions that say they belong to a head below the floor are ended when the floor is raised, psql
/// and the like are left alone.
#[tokio::test]
async fn sessions_below_the_floor_are_ended() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    migrate(database.options("2", &[BASE, TOTAL])).await.unwrap();
    let (old, new) = (database.connect(SERVICE).await, database.connect(SERVICE).await);
    let psql = database.connect(SERVICE).await;
    old.batch_execute("SET application_name = 'changeover@1/shop/1'").await.unwrap();
    new.batch_execute("SET application_name = 'changeover@2/shop/2'").await.unwrap();
    psql.batch_execute("SET application_name = 'psql'").await.unwrap();
    let options = database.options("2", &[BASE, TOTAL]);
    changeover::operate::finalize(&options, 2, Some("release 1 is switched off")).await.unwrap();
    let ended = old.batch_execute("SELECT 1").await.unwrap_err();
    assert!(ended.is_closed() || ended.code().unwrap().code() == "57P01", "{ended}");
    new.batch_execute("SELECT 1").await.unwrap();
    psql.batch_execute("SELECT 1").await.unwrap();
    let owner = database.connect(OWNER).await;
    let words: i64 = value(
        &owner,
        "SELECT count(*) FROM changeover.event WHERE detail LIKE '%release 1 is switched off'",
    )
    .await;
    assert_eq!(words, 1);
}

/// An instance that lives below holds the floor where it is.
#[tokio::test]
async fn a_living_instance_holds_the_floor() {
    let database = Database::new(15).await;
    let one = changeover::Changeover::start(database.options("1", &[BASE])).await.unwrap();
    one.wait_until_servable().await.unwrap();
    one.mark_serving().await.unwrap();
    let options = database.options("2", &[BASE, TOTAL]);
    migrate(options.clone()).await.unwrap();
    let blocked = changeover::operate::finalize(&options, 2, None).await.unwrap_err();
    assert!(blocked.to_string().contains("alive below it: 1 (head 1, serving"), "{blocked}");
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT floor FROM changeover.app").await, 1);
    one.leave().await.unwrap();
    changeover::operate::finalize(&options, 2, None).await.unwrap();
}

/// Only who registered an instance may speak for it: another application's service on the same
/// database can neither keep it alive nor make it leave.
#[tokio::test]
async fn another_login_may_not_speak_for_an_instance() {
    let database = Database::new(15).await;
    let one = changeover::Changeover::start(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    let id = one.instance_id();
    let beat = owner.execute("SELECT changeover.heartbeat($1, 'serving')", &[&id]).await;
    assert_eq!(beat.unwrap_err().code().unwrap().code(), "CO004");
    owner.execute("SELECT changeover.leave($1)", &[&id]).await.unwrap();
    let open = "SELECT count(*) FROM changeover.instance WHERE left_at IS NULL";
    assert_eq!(value::<i64>(&owner, open).await, 1, "it was made to leave by another login");
    let again = "SELECT changeover.register($1, 'shop', '1', 1, 3000, 'here', 1)";
    let error = owner.execute(again, &[&id]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "42501", "{error}");
    one.leave().await.unwrap();
    assert_eq!(value::<i64>(&owner, open).await, 0);
}

#[tokio::test]
async fn a_name_by_which_sessions_could_not_be_found_is_refused() {
    let database = Database::new(15).await;
    for name in ["", "a/b", "späti", &"x".repeat(33)] {
        let mut options = database.options("1", &[BASE]);
        options.app = name.to_owned();
        let error = migrate(options).await.unwrap_err().to_string();
        assert!(error.contains("cannot be an application's name"), "{name}: {error}");
    }
}
