//! A file that cannot run in one transaction, on a fresh database, by migrators that die between its
//! statements and within them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::{Hook, PausePoint};
use common::{Database, OWNER, migrate, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::sync::CancellationToken;

const SERVER: u16 = 15;
/// Each statement fails or shows when it is repeated, and needs the search path that was set before.
const FILE: (&str, &str) = (
    "0001_base.sql",
    "CREATE SCHEMA shop;
     SET search_path = shop;
     CREATE TABLE items (a integer);
     INSERT INTO items VALUES (1);
     CREATE INDEX CONCURRENTLY items_a ON items (a);
     INSERT INTO items VALUES (2);
     VACUUM items;
     DROP INDEX CONCURRENTLY items_a;
     INSERT INTO items VALUES (3);",
);
const ROWS: &str = "SELECT coalesce(sum(a), 0)::bigint FROM shop.items";
/// A dead holder's term need not be waited for.
const EXPIRE: &str = "UPDATE changeover.term SET expires_at = '-infinity'";
const CURSOR: &str = "SELECT cursor::text FROM changeover.progress";

/// Runs a file and dies (its task is dropped, its connections with it) at the `nth` time that `point` is
/// reached. `false`: it ended before.
async fn dies_at(database: &Database, file: (&str, &str), point: PausePoint, nth: u32) -> bool {
    let mut options = database.options("1", &[file]);
    let (reached, died) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
    let signal = died.clone();
    options.hook = Hook::new(move |pause| {
        let (reached, signal) = (Arc::clone(&reached), signal.clone());
        async move {
            let within = pause.step.is_some() && pause.point == point;
            if within && reached.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                signal.cancel();
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        outcome = migrate(options) => { outcome.unwrap(); false }
        () = died.cancelled() => true,
    }
}

/// Dying at each point, as often as it is passed, repeats and loses nothing.
#[tokio::test]
async fn whoever_takes_over_repeats_no_statement() {
    let mut deaths = 0;
    for point in
        [PausePoint::BeforeCommit, PausePoint::BeforeUnguarded, PausePoint::EffectUnrecorded]
    {
        // Bounded by the statements of the file.
        for nth in 1..100 {
            let database = Database::new(SERVER).await;
            if !dies_at(&database, FILE, point, nth).await {
                break;
            }
            deaths += 1;
            let owner = database.connect(OWNER).await;
            owner.batch_execute(EXPIRE).await.unwrap();
            migrate(database.options("1", &[FILE])).await.unwrap();
            assert_eq!(value::<i64>(&owner, ROWS).await, 6, "after {point} #{nth}");
            let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'shop'";
            assert_eq!(value::<i64>(&owner, indexes).await, 0, "after {point} #{nth}");
        }
    }
    // 9 statements and the record; 3 that run alone, before and after.
    assert_eq!(deaths, 10 + 3 + 3);
}

/// What a failed build leaves is invalid: the next try drops it first.
#[tokio::test]
async fn an_invalid_index_of_a_file_is_rebuilt() {
    let database = Database::new(SERVER).await;
    let file = (
        "0001_base.sql",
        "CREATE TABLE items (a integer); INSERT INTO items VALUES (1), (1);
         CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS items_a ON items (a);
         INSERT INTO items VALUES (2);",
    );
    migrate(database.options("1", &[file])).await.unwrap_err();
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<String>(&owner, CURSOR).await, r#"["2", "begun"]"#);
    owner.batch_execute("DELETE FROM items; INSERT INTO items VALUES (1)").await.unwrap();
    migrate(database.options("1", &[file])).await.unwrap();
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'items_a'::regclass";
    assert!(value::<bool>(&owner, valid).await, "IF NOT EXISTS would have left it invalid");
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM items").await, 2);
}

/// A procedure that commits by itself: nobody can tell how far it came.
#[tokio::test]
async fn what_must_not_be_repeated_is_refused_until_somebody_has_looked() {
    let database = Database::new(SERVER).await;
    let file = (
        "0001_base.sql",
        "-- no-transaction
         CREATE TABLE items (a integer);
         CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO items VALUES (1); COMMIT; INSERT INTO items VALUES (2); END $$;
         CALL fill();
         INSERT INTO items VALUES (3);",
    );
    assert!(dies_at(&database, file, PausePoint::EffectUnrecorded, 1).await);
    let error = migrate(database.options("1", &[file])).await.unwrap_err();
    let text = changeover::chain(&error);
    assert!(text.contains("statement 3 of 4 (`CALL fill()`) was begun"), "{text}");
    let remedy = error.remedy().unwrap();
    let told = "UPDATE changeover.progress SET cursor = '[\"3\"]' WHERE app = 'shop' AND step = \
                '0001.0.script'";
    assert!(remedy.contains(told), "{remedy}");
    // Somebody has looked: it was carried out.
    let owner = database.connect(OWNER).await;
    owner.batch_execute(told).await.unwrap();
    migrate(database.options("1", &[file])).await.unwrap();
    assert_eq!(value::<i64>(&owner, "SELECT sum(a)::bigint FROM items").await, 6);
}
