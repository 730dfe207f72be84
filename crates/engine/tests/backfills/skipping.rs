//! The sync trigger leaves rows to the batch that fills them: to nobody else, and only where nothing else fires.

use crate::common::{Database, OWNER, SERVICE, migrate, value};
use crate::{errors, prepared, stopped};
use changeover::PausePoint;

const NAMES: &str = "CREATE TABLE t (id integer PRIMARY KEY, v text);
     INSERT INTO t SELECT g, 'Name ' || g FROM generate_series(1, 2000) g;";
const LOWER: &str = "ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = lower(v);";
const WRONG: &str = "SELECT count(*) FROM t WHERE c IS DISTINCT FROM lower(v)";
const DIFFERED: &str = "SELECT count(*) FROM changeover.event WHERE kind = 'rows_differed'";
/// Says that a session's writes are those of a batch.
const SAY: &str = "SELECT set_config('changeover.filling', tgname, false) FROM pg_trigger \
                    WHERE tgname LIKE 'zzzz%' AND tgrelid = 't'::regclass";

async fn ended(database: &Database, upgrade: changeover::Outlook) {
    assert!(upgrade.failed.is_empty(), "{}", errors(database).await);
}

/// From the moment that the trigger's function raises, whoever fires it has its row parked.
#[tokio::test]
async fn a_batch_computes_its_rows_alone() {
    let (database, mut options) = prepared(NAMES, LOWER).await;
    let (begun, go) = stopped(&mut options, PausePoint::BeforeStep, "backfill");
    let upgrade = tokio::spawn(migrate(options));
    begun.await.unwrap();
    let owner = database.connect(OWNER).await;
    let function = "SELECT tgfoid::regprocedure::text FROM pg_trigger WHERE tgname LIKE 'zzzz%'";
    let function: String = value(&owner, function).await;
    let raise = format!(
        "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE 'fired'; END $$"
    );
    owner.batch_execute(&raise).await.unwrap();
    go.send_replace(true);
    ended(&database, upgrade.await.unwrap().unwrap()).await;
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.parked_row").await, 0);
}

/// Not even through a function of the owner's.
#[tokio::test]
async fn a_service_that_says_it_is_a_batch_is_not_heard() {
    let first = format!(
        "{NAMES} CREATE FUNCTION rename(integer, text) RETURNS void LANGUAGE sql SECURITY DEFINER AS
           'UPDATE t SET v = $2 WHERE id = $1';"
    );
    let (database, mut options) = prepared(&first, LOWER).await;
    options.pace.batch_rows_first = 100;
    let (begun, go) = stopped(&mut options, PausePoint::AfterBatch, "backfill");
    let upgrade = tokio::spawn(migrate(options));
    begun.await.unwrap();
    let service = database.connect(SERVICE).await;
    let said: String = value(&service, SAY).await;
    assert!(said.starts_with("zzzz"));
    service
        .batch_execute(
            "UPDATE t SET v = 'Second' WHERE id = 2; SELECT rename(3, 'Third'); \
             INSERT INTO t (id, v) VALUES (5000, 'Last')",
        )
        .await
        .unwrap();
    let wrong = format!("{WRONG} AND id IN (2, 3, 5000)");
    assert_eq!(value::<i64>(&service, &wrong).await, 0, "at once, not by the check");
    go.send_replace(true);
    ended(&database, upgrade.await.unwrap().unwrap()).await;
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    assert_eq!(value::<i64>(&owner, DIFFERED).await, 0);
}

/// The role that migrates is heard; what it leaves wrong in rows that are filled, the check finds.
#[tokio::test]
async fn what_the_owner_leaves_out_is_found() {
    let (database, mut options) = prepared(NAMES, LOWER).await;
    options.pace.batch_rows_first = 100;
    let (begun, go) = stopped(&mut options, PausePoint::AfterBatch, "backfill");
    let upgrade = tokio::spawn(migrate(options));
    begun.await.unwrap();
    let owner = database.connect(OWNER).await;
    let _said: String = value(&owner, SAY).await;
    owner.batch_execute("UPDATE t SET v = 'Second' WHERE id = 2").await.unwrap();
    assert_eq!(value::<i64>(&owner, &format!("{WRONG} AND id = 2")).await, 1);
    go.send_replace(true);
    ended(&database, upgrade.await.unwrap().unwrap()).await;
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    assert_eq!(value::<i64>(&owner, DIFFERED).await, 1);
}

/// A trigger of a user's that changes what the expression reads, one that writes the table from behind, and
/// a second derivation that reads what the first one fills: all right, and not only by the check.
#[tokio::test]
async fn what_else_fires_is_computed_from() {
    let fire = "-- changeover: user-triggers=fire because \"it is ours\"";
    let before = format!(
        "{NAMES} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.v := upper(NEW.v) || txid_current(); RETURN NEW; END $$;
         CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
    );
    let after = format!(
        "{NAMES} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN IF pg_trigger_depth() < 2 AND NEW.id % 2 = 0 THEN
             UPDATE t SET v = 'By ' || NEW.id WHERE id = NEW.id - 1; END IF; RETURN NULL; END $$;
         CREATE TRIGGER a AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
    );
    let filled = format!("ALTER TABLE t ADD COLUMN c text;\n{fire}\nUPDATE t SET c = lower(v);");
    let chained = "ALTER TABLE t ADD COLUMN c text, ADD COLUMN d text;
         UPDATE t SET c = lower(v); UPDATE t SET d = c || '!';";
    let chain = "SELECT count(*) FROM t WHERE d IS DISTINCT FROM lower(v) || '!'";
    let cases = [
        ("before", before.as_str(), filled.as_str(), WRONG),
        ("after", &after, &filled, WRONG),
        ("two", NAMES, chained, chain),
    ];
    for (what, first, second, wrong) in cases {
        let (database, options) = prepared(first, second).await;
        ended(&database, migrate(options).await.unwrap()).await;
        let owner = database.connect(OWNER).await;
        assert_eq!(value::<i64>(&owner, wrong).await, 0, "{what}");
        assert_eq!(value::<i64>(&owner, DIFFERED).await, 0, "{what}");
    }
}
