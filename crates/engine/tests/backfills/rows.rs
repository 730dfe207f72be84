//! Rows that are locked, raise, are rejected or take long: each alone, and together.

use crate::common::{Database, OWNER, SERVICE, migrate, until, value};
use crate::{errors, prepared, stopped};
use changeover::PausePoint;
use std::time::Duration;

const NUMBERS: &str = "CREATE TABLE t (id integer PRIMARY KEY, v text);
     INSERT INTO t SELECT g, g::text FROM generate_series(1, 400) g;";
const PARSE: &str = "ALTER TABLE t ADD COLUMN c integer; UPDATE t SET c = v::integer;";
/// Rows that should have a value and have not, or are at fault and not parked.
const WRONG: &str = "SELECT count(*) FROM t WHERE CASE WHEN v ~ '^[0-9]+$' \
      THEN c IS DISTINCT FROM v::integer \
      ELSE NOT EXISTS (SELECT 1 FROM changeover.parked_row p WHERE p.key = jsonb_build_array(t.id::text)) \
      END";

/// What happens to a row in somebody's open transaction, while its batch is filled.
const EVENTS: [&str; 4] = [
    "SELECT 1 FROM t WHERE id = ID FOR UPDATE",
    "UPDATE t SET v = 'bad' WHERE id = ID",
    "UPDATE t SET v = '7' WHERE id = ID",
    "DELETE FROM t WHERE id = ID",
];

/// Every pair of {locked, raising, changed, deleted}, on a row that raises from the beginning and on
/// one that does not: all others are filled, the step ends, and those that raise are parked.
#[tokio::test]
async fn every_pair_of_what_can_happen_to_a_row() {
    let (database, mut options) = prepared(NUMBERS, PARSE).await;
    let owner = database.connect(OWNER).await;
    let service = database.connect(SERVICE).await;
    let mut events = String::new();
    let mut touched = 0;
    for (first, one) in EVENTS.iter().enumerate() {
        for (second, other) in EVENTS.iter().enumerate() {
            for bad in [false, true] {
                let id = 1 + 10 * (first * 8 + second * 2 + usize::from(bad));
                if bad {
                    let raises = format!("UPDATE t SET v = 'worse' WHERE id = {id}");
                    owner.batch_execute(&raises).await.unwrap();
                }
                for event in [one, other] {
                    events.push_str(&event.replace("ID", &id.to_string()));
                    events.push(';');
                }
                touched += 1;
            }
        }
    }
    // And one that raises, undisturbed.
    owner.batch_execute("UPDATE t SET v = 'worst' WHERE id = 400").await.unwrap();
    let (begun, go) = stopped(&mut options, PausePoint::BeforeStep, "backfill");
    let upgrade = tokio::spawn(migrate(options));
    begun.await.unwrap();
    service.batch_execute(&format!("BEGIN; {events}")).await.unwrap();
    go.send_replace(true);
    until("the locked rows are skipped", || async {
        value::<i64>(&owner, "SELECT count(*) FROM changeover.skipped_row").await == touched
    })
    .await;
    service.batch_execute("COMMIT").await.unwrap();
    let outlook = upgrade.await.unwrap().unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.skipped_row").await, 0);
}

/// Whatever class of SQLSTATE an expression raises, the row is parked, by the batch and by the trigger.
#[tokio::test]
async fn whatever_is_raised_parks_the_row() {
    let states =
        ["22012", "23514", "P0001", "P0004", "0A000", "42P01", "42703", "XX000", "54001", "ZZ999"];
    let first = format!(
        "CREATE TABLE t (id integer PRIMARY KEY, v text);
         INSERT INTO t SELECT g, g::text FROM generate_series(1, 200) g;
         INSERT INTO t SELECT 1000 + i, s FROM unnest('{{{}}}'::text[]) WITH ORDINALITY AS x(s, i);
         CREATE DOMAIN small AS integer NOT NULL CHECK (VALUE < 150);
         CREATE FUNCTION parse(t text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
           IF t = 'P0004' THEN ASSERT false; END IF;
           IF length(t) = 5 THEN RAISE EXCEPTION 'no' USING ERRCODE = t; END IF;
           RETURN t::integer; END $$;",
        states.join(",")
    );
    // A value of a domain that forbids it raises where the domain's own check does.
    let second = "ALTER TABLE t ADD COLUMN c integer; UPDATE t SET c = parse(v)::small;";
    let (database, options) = prepared(&first, second).await;
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    let owner = database.connect(OWNER).await;
    let parked = "SELECT array_agg(left(error, 5) ORDER BY key) FROM changeover.parked_row";
    let mut found = value::<Vec<String>>(&owner, parked).await;
    assert_eq!(found.len(), states.len() + 51, "also 150 to 200, which the domain forbids");
    found.dedup();
    for state in states {
        assert!(found.iter().any(|other| other == state), "{state} of {found:?}");
    }
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM t WHERE c::text = v").await, 149);
    let service = database.connect(SERVICE).await;
    for (at, state) in states.iter().enumerate() {
        let insert = format!("INSERT INTO t VALUES ({}, '{state}')", 5000 + at);
        service.batch_execute(&insert).await.unwrap();
    }
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.parked_row").await, 71);
}

const REJECTED: &str = "CREATE TABLE account (id bigint PRIMARY KEY, email text);
    INSERT INTO account SELECT g, CASE WHEN g % 100 = 0 THEN 'BROKEN' ELSE 'U' || g || '@X' END
      FROM generate_series(1, 1000) g;
    CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF OLD.email LIKE 'U7%' THEN RAISE 'account % is closed', OLD.id; END IF; RETURN NEW; END $$;
    CREATE TRIGGER frozen BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION frozen();
    CREATE TABLE seen (id bigint PRIMARY KEY); INSERT INTO seen SELECT generate_series(1, 990);";

/// Rows that a user's trigger or a constraint rejects when they are written: parked, and no other row
/// of their batch is kept from being filled. They hold the contract, and are let go once mended.
#[tokio::test]
async fn rows_that_are_rejected_are_parked() {
    let second = "ALTER TABLE account ADD COLUMN lower_email text;
        -- changeover: user-triggers=fire because \"harmless\"
        UPDATE account SET lower_email = lower(email);";
    let (database, options) = prepared(REJECTED, second).await;
    let owner = database.connect(OWNER).await;
    // What the plan cannot see: made between plan and run.
    let mut running = options.clone();
    let (begun, go) = stopped(&mut running, PausePoint::BeforeStep, "backfill");
    let upgrade = tokio::spawn(migrate(running));
    begun.await.unwrap();
    let has_at = "ALTER TABLE account ADD CONSTRAINT has_at CHECK (email LIKE '%@%') NOT VALID";
    owner.batch_execute(has_at).await.unwrap();
    go.send_replace(true);
    let outlook = upgrade.await.unwrap().unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    let unfilled = "SELECT count(*) FROM account WHERE lower_email IS NULL";
    let at_fault = "SELECT count(*) FROM account WHERE email = 'BROKEN' OR email LIKE 'U7%'";
    let parked = "SELECT count(*) FROM changeover.parked_row";
    let expected: i64 = value(&owner, at_fault).await;
    assert_eq!(value::<i64>(&owner, unfilled).await, expected);
    assert_eq!(value::<i64>(&owner, parked).await, expected);
    let told = "SELECT detail FROM changeover.event WHERE kind = 'rows_parked'";
    let told: String = value(&owner, told).await;
    assert!(told.starts_with(&format!("{expected} rows")) && told.contains("has_at"), "{told}");

    changeover::operate::finalize(&options, 2, None).await.unwrap();
    let outlook = migrate(options.clone()).await.unwrap();
    assert_eq!(outlook.held.len(), 1, "{outlook:?}");
    owner
        .batch_execute("DROP TRIGGER frozen ON account; ALTER TABLE account DROP CONSTRAINT has_at")
        .await
        .unwrap();
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty() && outlook.held.is_empty(), "{outlook:?}");
    assert_eq!(value::<i64>(&owner, unfilled).await, 0);
}

/// What one column is read for by several derivations holds the contract by each of them.
#[tokio::test]
async fn a_column_that_two_read_is_held_by_both() {
    let second = "ALTER TABLE t ADD COLUMN a text, ADD COLUMN b integer;
        UPDATE t SET a = lower(v);
        UPDATE t SET b = v::integer;
        -- changeover: allow=drops-source because \"the new release goes on writing it\"
        ALTER TABLE t DROP COLUMN v;";
    let first = format!("{NUMBERS} UPDATE t SET v = 'bad' WHERE id = 13;");
    let (database, options) = prepared(&first, second).await;
    migrate(options.clone()).await.unwrap();
    changeover::operate::finalize(&options, 2, None).await.unwrap();
    let outlook = migrate(options.clone()).await.unwrap();
    assert_eq!(outlook.held.len(), 1, "{outlook:?} {}", errors(&database).await);
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<String>(&owner, "SELECT v FROM t WHERE id = 13").await, "bad");
    owner.batch_execute("UPDATE t SET v = '13' WHERE id = 13").await.unwrap();
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty() && outlook.held.is_empty(), "{outlook:?}");
    assert_eq!(value::<i32>(&owner, "SELECT b FROM t WHERE id = 13").await, 13);
}

/// A table whose expression sleeps for as many ms as the row says.
async fn sleeping(rows: &str) -> (Database, changeover::Options) {
    let first = format!(
        "CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t {rows};
         CREATE FUNCTION slow(ms integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
           $$ BEGIN PERFORM pg_sleep(ms / 1000.0); RETURN ms; END $$;"
    );
    let (database, mut options) =
        prepared(&first, "ALTER TABLE t ADD COLUMN c integer; UPDATE t SET c = slow(v);").await;
    // A statement may take a second then.
    options.pace.batch_target = Duration::from_millis(10);
    (database, options)
}

/// Batches that run into their time limit take fewer rows.
#[tokio::test]
async fn slow_rows_are_filled_by_fewer() {
    let (database, options) = sleeping("SELECT g, 20 FROM generate_series(1, 60) g").await;
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT count(c) FROM t").await, 60);
}

/// A row that alone takes longer is named, once; all before it are filled.
#[tokio::test]
async fn a_row_that_takes_too_long_alone_is_named() {
    let (database, options) =
        sleeping("SELECT g, CASE g WHEN 13 THEN 1500 ELSE 0 END FROM generate_series(1, 20) g")
            .await;
    let outlook = migrate(options).await.unwrap();
    assert_eq!(outlook.failed.len(), 1);
    let error = errors(&database).await;
    assert!(error.contains("with the key 13 does not end within 1000 ms"), "{error}");
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, "SELECT count(c) FROM t").await, 12);
}

/// An operator's `pg_cancel_backend` is no timeout: the step is tried again, by the same size.
#[tokio::test]
async fn an_operators_cancel_is_told_apart() {
    let (database, options) =
        sleeping("SELECT g, CASE g WHEN 13 THEN 300 ELSE 0 END FROM generate_series(1, 20) g")
            .await;
    let owner = database.connect(OWNER).await;
    let upgrade = tokio::spawn(migrate(options));
    until("the batch is cancelled", || async {
        let cancel = "SELECT coalesce(bool_or(pg_cancel_backend(pid)), false) FROM pg_stat_activity \
                       WHERE datname = current_database() AND state = 'active' \
                         AND query LIKE 'UPDATE ONLY%' AND pid <> pg_backend_pid()";
        value::<bool>(&owner, cancel).await
    })
    .await;
    let outlook = upgrade.await.unwrap().unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    assert_eq!(value::<i64>(&owner, "SELECT count(c) FROM t").await, 20);
    let told = "SELECT count(*) FROM changeover.event WHERE kind = 'step_retried' \
                 AND detail LIKE '%cancelled by somebody%'";
    assert_eq!(value::<i64>(&owner, told).await, 1);
}
