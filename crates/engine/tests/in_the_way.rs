//! Who is in the way of a lock is told so that somebody can act, no matter what their session says of itself.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::LockLimits;
use common::{Database, OWNER, SERVICE, migrate, until, value};
use std::time::Duration;

const BASE: (&str, &str) = ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
const NEXT: (&str, &str) = ("0002_next.sql", "ALTER TABLE t ADD COLUMN c integer;");
const STRANGER: &str = "in_the_way_stranger";

async fn impatient(database: &Database) -> changeover::Error {
    let mut options = database.options("2", &[BASE, NEXT]);
    options.timing.step_attempts_max = 1;
    options.locks =
        LockLimits { give_up_after: Duration::from_millis(400), ..LockLimits::default() };
    migrate(options).await.unwrap_err()
}

/// The holder is a role whose activity the owner may not see; behind it a session of the service waits.
#[tokio::test]
async fn the_real_holder_comes_first_with_the_command_that_ends_it() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let admin = database.connect("postgres").await;
    admin
        .batch_execute(&format!(
            "DO $$ BEGIN CREATE ROLE {STRANGER} LOGIN; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
             GRANT USAGE ON SCHEMA public TO {STRANGER}; GRANT ALL ON t TO {STRANGER}"
        ))
        .await
        .unwrap();
    // Two that hold a lock: the service's waits for the stranger's row.
    let (holder, behind) = (database.connect(STRANGER).await, database.connect(SERVICE).await);
    let holder_pid: i32 = value(&holder, "SELECT pg_backend_pid()").await;
    let behind_pid: i32 = value(&behind, "SELECT pg_backend_pid()").await;
    holder.batch_execute("BEGIN; INSERT INTO t VALUES (1)").await.unwrap();
    let waiting =
        tokio::spawn(async move { behind.batch_execute("INSERT INTO t VALUES (1)").await });
    until("one waits behind the other", || async {
        value::<bool>(&admin, &format!("SELECT cardinality(pg_blocking_pids({behind_pid})) > 0"))
            .await
    })
    .await;

    let error = impatient(&database).await;
    let text = changeover::chain(&error);
    let first = text.find(&format!("pid {holder_pid} (")).expect(&text);
    let second = text.find(&format!("pid {behind_pid} (")).expect(&text);
    assert!(first < second, "{text}");
    assert!(text.contains(&format!("SELECT pg_terminate_backend({holder_pid})")), "{text}");
    assert!(text.contains(&format!("itself waiting for pid {holder_pid}")), "{text}");
    assert!(!text.contains("0 ms: <insufficient"), "{text}");

    // The next try is under way, and why the last one failed is still to be seen.
    let mut options = database.options("2", &[BASE, NEXT]);
    options.locks.give_up_after = Duration::from_secs(120);
    let again = tokio::spawn(migrate(options));
    let owner = database.connect(OWNER).await;
    until("it tries again", || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND query LIKE '%LOCK TABLE%' AND application_name LIKE 'changeover@2%'";
        value::<i64>(&owner, sql).await > 0
    })
    .await;
    let kept = "SELECT coalesce(error, '') FROM changeover.step WHERE state <> 'done' LIMIT 1";
    assert!(value::<String>(&owner, kept).await.contains(&holder_pid.to_string()));
    holder.batch_execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
    again.await.unwrap().unwrap();
}
