//! Bad input and bad moments: each gives a clear error with a remedy, the ledger stays right, and
//! the next start goes on.

mod common;

use changeover::{Error, Hook, PausePoint, chain};
use common::{Database, OWNER, migrate, until, value};
use std::time::Duration;

const BASE: (&str, &str) = (
    "0001_base.sql",
    "CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t VALUES (1, 1);",
);
const NEXT: (&str, &str) = ("0002_next.sql", "ALTER TABLE t ADD COLUMN c integer;");

fn explain(error: &Error) -> String {
    format!("{}\n{}", chain(error), error.remedy().unwrap_or_default())
}

#[tokio::test]
async fn an_edited_file_is_found_before_anything_runs() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let edited = ("0001_base.sql", "CREATE TABLE t (id bigint PRIMARY KEY);");
    let error = migrate(database.options("2", &[edited, NEXT])).await.unwrap_err();
    let text = explain(&error);
    assert!(text.contains("0001_base.sql was edited after it was applied"), "{text}");
    assert!(text.contains("restore 0001_base.sql"), "{text}");
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT head FROM changeover.app").await, 1);
    migrate(database.options("2", &[BASE, NEXT])).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_left_alone() {
    let database = Database::new(15).await;
    migrate(database.options("2", &[BASE, NEXT])).await.unwrap();
    let outlook = migrate(database.options("1", &[BASE])).await.unwrap();
    assert!(outlook.database_newer);
}

#[tokio::test]
async fn a_database_with_tables_and_no_ledger_must_be_adopted() {
    let database = Database::new(15).await;
    let owner = database.connect(OWNER).await;
    owner.batch_execute(BASE.1).await.unwrap();
    let error = migrate(database.options("2", &[BASE, NEXT])).await.unwrap_err();
    let text = explain(&error);
    assert!(text.contains("public.t") && text.contains("changeover adopt --at N"), "{text}");
    let options = database.options("2", &[BASE, NEXT]);
    assert_eq!(changeover::operate::adopt(&options, 1).await.unwrap().len(), 1);
    migrate(options).await.unwrap();
    assert_eq!(
        value::<i64>(
            &owner,
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn a_statement_that_fails_leaves_its_step_open_and_names_it() {
    let database = Database::new(15).await;
    let broken = (
        "0001_base.sql",
        "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO nowhere VALUES (1);",
    );
    let error = migrate(database.options("1", &[broken])).await.unwrap_err();
    let text = explain(&error);
    assert!(text.contains("step 0001") && text.contains("nowhere"), "{text}");
    let owner = database.connect(OWNER).await;
    let tables = "SELECT count(*) FROM pg_class WHERE relname = 't' AND relkind = 'r'";
    assert_eq!(value::<i64>(&owner, tables).await, 0, "a file is one transaction");
    let state: String = value(&owner, "SELECT state FROM changeover.step").await;
    assert_eq!(state, "failed");

    // Nothing of it has taken effect, so the corrected file may take its place.
    let mended =
        ("0001_base.sql", "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1);");
    migrate(database.options("1", &[mended])).await.unwrap();
    assert_eq!(value::<i64>(&owner, tables).await, 1);
    assert_eq!(value::<String>(&owner, "SELECT state FROM changeover.step").await, "done");
    // Now it has.
    let error = migrate(database.options("1", &[broken])).await.unwrap_err();
    assert!(chain(&error).contains("edited after it was applied"), "{}", chain(&error));
}

/// The connection is lost in mid-step: the next start goes on.
#[tokio::test]
async fn a_connection_lost_in_mid_step_is_survived() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let mut options = database.options("2", &[BASE, NEXT]);
    let url = database.url("postgres");
    let once = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    options.hook = Hook::new(move |pause| {
        let (url, once) = (url.clone(), std::sync::Arc::clone(&once));
        async move {
            if pause.point == PausePoint::BeforeCommit
                && pause.step.is_some()
                && !once.swap(true, std::sync::atomic::Ordering::SeqCst)
            {
                let (client, connection) =
                    tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client
                    .execute("SELECT pg_terminate_backend($1)", &[&pause.backend_pid])
                    .await
                    .unwrap();
            }
        }
    });
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty());
    let owner = database.connect(OWNER).await;
    let done: i64 = value(
        &owner,
        "SELECT count(*) FROM changeover.step WHERE migration = 2 AND state = 'done'",
    )
    .await;
    assert_eq!(done, 1);
}

/// A lock that is not to be had: names who is in the way, changes nothing, goes on afterwards.
#[tokio::test]
async fn whoever_is_in_the_way_is_named() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let reader = database.connect(OWNER).await;
    reader
        .batch_execute("SET application_name = 'a long report'; BEGIN; SELECT * FROM t")
        .await
        .unwrap();
    let mut options = database.options("2", &[BASE, NEXT]);
    options.locks.give_up_after = Duration::from_millis(600);
    options.timing.step_attempts_max = 1;
    let text = explain(&migrate(options).await.unwrap_err());
    assert!(text.contains("a long report") && text.contains("no lock on t within"), "{text}");
    reader.batch_execute("COMMIT").await.unwrap();
    migrate(database.options("2", &[BASE, NEXT])).await.unwrap();
    let columns: i64 = value(
        &reader,
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0",
    )
    .await;
    assert_eq!(columns, 3);
}

/// A unique index over rows that are not unique: the invalid leftover is dropped, the error says why.
#[tokio::test]
async fn a_unique_index_over_doubled_rows_leaves_nothing_behind() {
    let database = Database::new(15).await;
    let base = (
        "0001_base.sql",
        "CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t VALUES (1, 1), (2, 1);",
    );
    migrate(database.options("1", &[base])).await.unwrap();
    let unique = (
        "0002_unique.sql",
        "-- changeover: old-complies because \"v has always been unique\"
         CREATE UNIQUE INDEX t_v ON t (v);",
    );
    let outlook = migrate(database.options("2", &[base, unique])).await.unwrap();
    assert_eq!(outlook.failed.len(), 1);
    let owner = database.connect(OWNER).await;
    let left: i64 = value(&owner, "SELECT count(*) FROM pg_class WHERE relname = 't_v'").await;
    assert_eq!(left, 0);
    let error: String =
        value(&owner, "SELECT error FROM changeover.step WHERE state = 'failed'").await;
    assert!(error.contains("23505"), "{error}");
    owner.batch_execute("UPDATE t SET v = 2 WHERE id = 2").await.unwrap();
    let outlook = migrate(database.options("2", &[base, unique])).await.unwrap();
    assert!(outlook.failed.is_empty(), "{outlook:?}");
}

/// An invalid index that somebody left is not mistaken for a finished one.
#[tokio::test]
async fn an_invalid_index_left_by_the_dead_is_rebuilt() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let owner = database.connect(OWNER).await;
    owner.batch_execute("INSERT INTO t VALUES (2, 1); ").await.unwrap();
    owner.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY t_v ON t (v)").await.unwrap_err();
    let index = ("0002_index.sql", "CREATE INDEX t_v ON t (v);");
    migrate(database.options("2", &[BASE, index])).await.unwrap();
    let definition: String = value(&owner, "SELECT pg_get_indexdef('t_v'::regclass)").await;
    assert_eq!(definition, "CREATE INDEX t_v ON public.t USING btree (v)");
    let valid: bool =
        value(&owner, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_v'::regclass").await;
    assert!(valid);
}

/// A holder that is paused beyond its lease and then goes on is refused by the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_paused_holder_is_fenced() {
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let (paused, mut is_paused) = tokio::sync::watch::channel(false);
    let (resume, resumed) = tokio::sync::watch::channel(false);
    let mut first = database.options("2", &[BASE, NEXT]);
    first.hook = Hook::new(move |pause| {
        let (paused, mut resumed) = (paused.clone(), resumed.clone());
        async move {
            if pause.point == PausePoint::PlanRecorded {
                paused.send_replace(true);
                resumed.wait_for(|resumed| *resumed).await.unwrap();
            }
        }
    });
    let first = tokio::spawn(migrate(first));
    is_paused.wait_for(|paused| *paused).await.unwrap();
    // What a pause beyond the lease does to the row, without waiting for it: the renewal goes on.
    let owner = database.connect(OWNER).await;
    let stolen = "UPDATE changeover.term SET expires_at = '-infinity', epoch = epoch + 1, \
                  holder = '00000000-0000-0000-0000-000000000001'";
    owner.batch_execute(stolen).await.unwrap();
    resume.send_replace(true);
    // It finds its term lost, gets the next one, and goes on from the ledger.
    let outlook = first.await.unwrap().unwrap();
    assert!(outlook.failed.is_empty());
    until("done under a later term", || async {
        value::<bool>(&owner, "SELECT bool_and(state = 'done') FROM changeover.step").await
    })
    .await;
    let epochs: bool = value(
        &owner,
        "SELECT (SELECT max(epoch) FROM changeover.step WHERE migration = 2) \
              > (SELECT max(epoch) FROM changeover.plan)",
    )
    .await;
    assert!(epochs, "the step was not done under the term that was lost");
}
