//! A ledger that an older engine made gets what is missing, while that engine's instances live on it.

mod common;

use changeover::{Changeover, Hook, PausePoint};
use common::{Database, OWNER, SERVICE, migrate, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::sync::CancellationToken;

/// As an engine of format 1 has made it, and granted it to the service.
const FORMAT_0001: [&str; 2] = [
    include_str!("ledger_format/format_0001.sql"),
    include_str!("ledger_format/functions_0001.sql"),
];
const GRANTED_THEN: &str = "GRANT USAGE ON SCHEMA changeover TO shop_service; \
    GRANT EXECUTE ON FUNCTION changeover.heartbeat(uuid, text), changeover.standing(text, bigint) \
        TO shop_service; \
    GRANT SELECT ON changeover.event, changeover.step TO shop_service; \
    INSERT INTO changeover.app (app, head) VALUES ('other', 7)";

#[tokio::test]
async fn a_ledger_of_format_1_gets_what_later_formats_add() {
    let database = Database::new(15).await;
    let owner = database.connect(OWNER).await;
    for sql in FORMAT_0001 {
        owner.batch_execute(sql).await.unwrap();
    }
    owner.batch_execute(GRANTED_THEN).await.unwrap();

    // Two at once: the second finds it done.
    let options = database.options("1", &[("0001_t.sql", "CREATE TABLE t (id integer);")]);
    let (one, two) =
        tokio::join!(Changeover::start(options.clone()), Changeover::start(options.clone()),);
    let (one, two) = (one.unwrap(), two.unwrap());
    one.wait_until_servable().await.unwrap();

    assert_eq!(value::<i32>(&owner, "SELECT written FROM changeover.format").await, 4);
    assert_eq!(value::<i32>(&owner, "SELECT min_reader FROM changeover.format").await, 1);
    // What the owner's default privileges gave of the new tables is taken back; what was granted stays.
    let service = database.connect(SERVICE).await;
    service.batch_execute("SELECT * FROM changeover.step").await.unwrap();
    let refused = service.batch_execute("DELETE FROM changeover.job").await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    assert_eq!(
        value::<i64>(&owner, "SELECT head FROM changeover.app WHERE app = 'other'").await,
        7
    );
    one.leave().await.unwrap();
    two.leave().await.unwrap();
}

/// What each format has added, oldest first.
const ADDED: [&[&str]; 4] = [
    &[FORMAT_0001[0]],
    &[
        include_str!("../../ledger/src/bootstrap/sql/generation/tables_0002.sql"),
        include_str!("../../ledger/src/bootstrap/sql/worker/tables_0002.sql"),
        include_str!("../../ledger/src/bootstrap/sql/job/tables_0002.sql"),
        include_str!("../../ledger/src/bootstrap/sql/cache/tables_0002.sql"),
        include_str!("../../ledger/src/bootstrap/sql/connection_share/tables_0002.sql"),
    ],
    &[include_str!("../../ledger/src/bootstrap/sql/tables_0003.sql")],
    &[
        include_str!("../../ledger/src/bootstrap/sql/control/tables_0004.sql"),
        include_str!("../../ledger/src/bootstrap/sql/pace/tables_0004.sql"),
    ],
];
/// What services were granted of an older format stays theirs, and would show as a difference.
const NO_DEFAULT_RIGHTS: &str = "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM shop_service; \
    ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM shop_service";
/// Every column and function of a ledger, and who may do what with them.
const WHOLE: &str = "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
    SELECT format('%s.%s %s %s %s', c.relname, a.attname, a.atttypid::regtype, a.attnotnull, c.relacl) AS line
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'changeover'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s %s %s', p.oid::regprocedure, md5(p.prosrc), p.proacl)
      FROM pg_proc p WHERE p.pronamespace = 'changeover'::regnamespace
    UNION ALL
    SELECT format('%s %s', n.conrelid::regclass, pg_get_constraintdef(n.oid))
      FROM pg_constraint n WHERE n.connamespace = 'changeover'::regnamespace) AS found";

/// A ledger of each older format becomes what a new one is.
#[tokio::test]
async fn a_ledger_of_any_format_becomes_what_a_new_one_is() {
    let files = [("0001_t.sql", "CREATE TABLE t (id integer);")];
    let whole = async |format: usize| {
        let database = Database::new(15).await;
        let owner = database.connect(OWNER).await;
        owner.batch_execute(NO_DEFAULT_RIGHTS).await.unwrap();
        for sql in ADDED[..format].iter().flat_map(|added| *added) {
            owner.batch_execute(sql).await.unwrap();
        }
        if format > 0 {
            let written = i32::try_from(format).unwrap();
            owner.execute("UPDATE changeover.format SET written = $1", &[&written]).await.unwrap();
        }
        migrate(database.options("1", &files)).await.unwrap();
        value::<String>(&owner, WHOLE).await
    };
    let new = whole(0).await;
    for format in 1..=ADDED.len() - 1 {
        assert_eq!(whole(format).await, new, "format {format}");
    }
    let database = Database::new(15).await;
    migrate(database.options("1", &files)).await.unwrap();
    let owner = database.connect(OWNER).await;
    let written = value::<i32>(&owner, "SELECT written FROM changeover.format").await;
    assert_eq!(usize::try_from(written).unwrap(), ADDED.len(), "a format is missing here");
}

/// Turns the ledger of a begun upgrade into one of format 1, in which a backfill has no statements.
const TO_FORMAT_1: [&str; 3] = [
    "CREATE TABLE saved AS
       SELECT 'app' AS name, to_jsonb(a) AS doc FROM changeover.app a
       UNION ALL SELECT 'plan', to_jsonb(p) FROM changeover.plan p
       UNION ALL SELECT 'migration', to_jsonb(m) FROM changeover.migration m
       UNION ALL SELECT 'step', to_jsonb(s) || jsonb_build_object('step', s.step #- '{kind,sql}')
                   FROM changeover.step s
       UNION ALL SELECT 'progress', to_jsonb(p) FROM changeover.progress p;
     CREATE TABLE standing AS
       SELECT 1 AS position, pg_get_functiondef(oid) AS sql FROM pg_proc WHERE proname LIKE 'shop.%'
       UNION ALL
       SELECT 2, format('%s; ALTER TABLE items ENABLE ALWAYS TRIGGER %I', pg_get_triggerdef(oid), tgname)
         FROM pg_trigger WHERE tgrelid = 'items'::regclass AND tgname LIKE 'zzzz%';
     DROP SCHEMA changeover CASCADE",
    include_str!("ledger_format/format_0001.sql"),
    "INSERT INTO changeover.app SELECT r.* FROM saved, jsonb_populate_record(NULL::changeover.app, doc) r
      WHERE saved.name = 'app';
     INSERT INTO changeover.plan OVERRIDING SYSTEM VALUE
     SELECT r.* FROM saved, jsonb_populate_record(NULL::changeover.plan, doc) r WHERE saved.name = 'plan';
     INSERT INTO changeover.migration
     SELECT r.* FROM saved, jsonb_populate_record(NULL::changeover.migration, doc) r WHERE saved.name = 'migration';
     INSERT INTO changeover.step
     SELECT r.* FROM saved, jsonb_populate_record(NULL::changeover.step, doc) r WHERE saved.name = 'step';
     INSERT INTO changeover.progress
     SELECT r.* FROM saved, jsonb_populate_record(NULL::changeover.progress, doc) r WHERE saved.name = 'progress';
     DO $$ DECLARE s record; BEGIN
       FOR s IN SELECT sql FROM standing ORDER BY position LOOP EXECUTE s.sql; END LOOP;
     END $$;
     DROP TABLE saved, standing",
];

/// A backfill that an older program has begun goes on where it was.
#[tokio::test]
async fn a_backfill_of_a_ledger_of_format_1_goes_on() {
    const BASE: (&str, &str) = (
        "0001_base.sql",
        "CREATE TABLE items (id integer PRIMARY KEY, n integer NOT NULL);
         INSERT INTO items SELECT g, g FROM generate_series(1, 5000) g;",
    );
    const FILL: (&str, &str) =
        ("0002_fill.sql", "ALTER TABLE items ADD COLUMN d integer; UPDATE items SET d = n * 2;");
    let database = Database::new(15).await;
    migrate(database.options("1", &[BASE])).await.unwrap();
    let mut options = database.options("2", &[BASE, FILL]);
    (options.pace.batch_rows_first, options.pace.batch_rows_max) = (500, 500);
    options.pace.batch_target = std::time::Duration::from_secs(10);
    let mut dying = options.clone();
    let (batches, died) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
    let signal = died.clone();
    dying.hook = Hook::new(move |pause| {
        let (batches, signal) = (Arc::clone(&batches), signal.clone());
        async move {
            let batch = pause.point == PausePoint::AfterBatch;
            if batch && batches.fetch_add(1, Ordering::SeqCst) + 1 == 3 {
                signal.cancel();
                std::future::pending::<()>().await;
            }
        }
    });
    tokio::select! {
        outcome = migrate(dying) => panic!("ended before it died: {outcome:?}"),
        () = died.cancelled() => {}
    }

    let owner = database.connect(OWNER).await;
    let [save, format_1, restore] = TO_FORMAT_1;
    for sql in [save, format_1, FORMAT_0001[1], restore, GRANTED_THEN] {
        owner.batch_execute(sql).await.unwrap();
    }
    let filled = "SELECT count(*) FROM items WHERE d IS NOT NULL";
    assert_eq!(value::<i64>(&owner, filled).await, 1500);
    let kept = "SELECT count(*) FROM changeover.step WHERE step -> 'kind' ? 'sql'";
    assert_eq!(value::<i64>(&owner, kept).await, 0);

    let outlook = migrate(options).await.unwrap();
    let errors = "SELECT coalesce(string_agg(error, ' '), '') FROM changeover.step";
    assert!(outlook.failed.is_empty(), "{}", value::<String>(&owner, errors).await);
    let worked = "SELECT sum(done)::bigint FROM changeover.progress WHERE step LIKE '%backfill'";
    assert_eq!(value::<i64>(&owner, worked).await, 5000, "each row was worked once");
    let wrong = "SELECT count(*) FROM items WHERE d IS DISTINCT FROM n * 2";
    assert_eq!(value::<i64>(&owner, wrong).await, 0);
    let open = "SELECT count(*) FROM changeover.step WHERE state <> 'done' AND phase <> 'contract'";
    assert_eq!(value::<i64>(&owner, open).await, 0);
}
