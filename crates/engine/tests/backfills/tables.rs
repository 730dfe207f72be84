//! What others do to a table while it is filled, or after: gone on with, or refused by name.

use crate::common::{OWNER, migrate, value};
use crate::{errors, prepared, stopped};
use changeover::PausePoint;

const PARTED: &str = "CREATE TABLE seen (id bigint, k integer, v integer, PRIMARY KEY (id, k))
         PARTITION BY LIST (k);
     CREATE TABLE seen_1 PARTITION OF seen FOR VALUES IN (1);
     CREATE TABLE seen_2 PARTITION OF seen FOR VALUES IN (2);
     CREATE TABLE seen_3 PARTITION OF seen FOR VALUES IN (3);
     CREATE TABLE seen_4 PARTITION OF seen FOR VALUES IN (4);
     INSERT INTO seen SELECT g, 1 + g % 4, g FROM generate_series(1, 2000) g;";
const FILL: &str = "ALTER TABLE seen ADD COLUMN w integer; UPDATE seen SET w = v * 2;";
const WRONG: &str = "SELECT count(*) FROM seen WHERE w IS DISTINCT FROM v * 2";
/// A partition that somebody has filled, without the new column's values.
const ATTACH: &str = "CREATE TABLE seen_9 (LIKE seen INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
     INSERT INTO seen_9 (id, k, v) SELECT g, 9, g FROM generate_series(1, 1000) g;
     ALTER TABLE seen ATTACH PARTITION seen_9 FOR VALUES IN (9);";

/// A filled table that is attached after the check is filled before the trigger goes.
#[tokio::test]
async fn a_part_that_comes_after_the_check_is_filled_first() {
    let (database, options) = prepared(PARTED, FILL).await;
    migrate(options.clone()).await.unwrap();
    let owner = database.connect(OWNER).await;
    owner.batch_execute(ATTACH).await.unwrap();
    assert_eq!(value::<i64>(&owner, WRONG).await, 1000);
    changeover::operate::finalize(&options, 2, None).await.unwrap();
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty() && outlook.held.is_empty(), "{}", errors(&database).await);
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzzz%'";
    assert_eq!(value::<i64>(&owner, triggers).await, 0);
}

/// Between that look and the removal's lock, too.
#[tokio::test]
async fn a_part_that_comes_at_the_last_moment_is_filled_first() {
    let (database, options) = prepared(PARTED, FILL).await;
    migrate(options.clone()).await.unwrap();
    changeover::operate::finalize(&options, 2, None).await.unwrap();
    let mut running = options;
    let (begun, go) = stopped(&mut running, PausePoint::StepBegun, "sync_drop");
    let upgrade = tokio::spawn(migrate(running));
    begun.await.unwrap();
    let owner = database.connect(OWNER).await;
    owner.batch_execute(ATTACH).await.unwrap();
    go.send_replace(true);
    let outlook = upgrade.await.unwrap().unwrap();
    assert!(outlook.failed.is_empty() && outlook.held.is_empty(), "{}", errors(&database).await);
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
}

/// In mid-backfill: the first batch of the first part is committed, and all parts are counted already.
#[tokio::test]
async fn what_a_backfill_goes_on_with() {
    let cases = [
        ("attached", ATTACH),
        ("detached", "ALTER TABLE seen DETACH PARTITION seen_3"),
        ("detached and dropped", "ALTER TABLE seen DETACH PARTITION seen_3; DROP TABLE seen_3"),
        ("dropped", "DROP TABLE seen_3"),
        ("part renamed", "ALTER TABLE seen_3 RENAME TO seen_three"),
        ("part moved", "CREATE SCHEMA old; ALTER TABLE seen_3 SET SCHEMA old"),
        ("truncated", "TRUNCATE seen_3"),
        ("all truncated", "TRUNCATE seen"),
        (
            "a trigger before ours",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER a BEFORE UPDATE ON seen FOR EACH ROW EXECUTE FUNCTION f()",
        ),
    ];
    for (what, statement) in cases {
        let (database, mut options) = prepared(PARTED, FILL).await;
        let (begun, go) = stopped(&mut options, PausePoint::AfterBatch, "backfill");
        let upgrade = tokio::spawn(migrate(options));
        begun.await.unwrap();
        let owner = database.connect(OWNER).await;
        let parts = "SELECT count(*) FROM changeover.progress WHERE step LIKE '%backfill'";
        assert_eq!(
            value::<i64>(&owner, parts).await,
            4,
            "all parts are counted from the beginning"
        );
        owner.batch_execute(statement).await.unwrap();
        go.send_replace(true);
        let outlook = upgrade.await.unwrap().unwrap();
        assert!(outlook.failed.is_empty(), "{what}: {}", errors(&database).await);
        assert_eq!(value::<i64>(&owner, WRONG).await, 0, "{what}");
    }
}

#[tokio::test]
async fn what_a_backfill_refuses_by_name() {
    let cases = [
        ("ALTER TABLE seen RENAME TO looked", "renamed"),
        ("DROP TABLE seen", "dropped"),
        ("CREATE RULE twice AS ON UPDATE TO seen_3 DO ALSO NOTIFY x", "the rule twice"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER zzzzz BEFORE UPDATE ON seen FOR EACH ROW EXECUTE FUNCTION f()",
            "the trigger zzzzz fires after ours",
        ),
        ("ALTER TABLE seen_3 DISABLE TRIGGER USER", "is missing, or somebody has disabled it"),
        ("ALTER TABLE seen OWNER TO postgres", "it belongs to postgres now"),
        (
            "ALTER TABLE seen_3 ENABLE ROW LEVEL SECURITY; ALTER TABLE seen_3 FORCE ROW LEVEL SECURITY",
            "row security is forced",
        ),
    ];
    for (statement, said) in cases {
        let (database, mut options) = prepared(PARTED, FILL).await;
        let (begun, go) = stopped(&mut options, PausePoint::AfterBatch, "backfill");
        let upgrade = tokio::spawn(migrate(options));
        begun.await.unwrap();
        let admin = database.connect("postgres").await;
        admin.batch_execute(statement).await.unwrap();
        go.send_replace(true);
        let outlook = upgrade.await.unwrap().unwrap();
        let errors = errors(&database).await;
        assert_eq!(outlook.failed.len(), 1, "{statement}: {errors}");
        assert!(errors.contains(said), "{statement}: {errors}");
    }
}

/// Indexes of parts are called as the server would have called them, and one that fits is taken instead of a second.
#[tokio::test]
async fn an_index_on_a_partitioned_table_is_as_the_server_makes_it() {
    let fitting = "CREATE INDEX own ON seen_2 (v, k); CREATE INDEX other ON seen_3 (v);
         CREATE TABLE seen_4_v_k_idx (id bigint);";
    let index = "CREATE INDEX seen_v ON seen (v, k)";
    let names =
        "SELECT string_agg(i.inhrelid::regclass::text, ' ' ORDER BY i.inhrelid::regclass::text)
         FROM pg_inherits i WHERE i.inhparent = 'seen_v'::regclass";
    let (plain, _) = prepared(&format!("{PARTED} {fitting}"), "SELECT 1").await;
    let owner = plain.connect(OWNER).await;
    owner.batch_execute(index).await.unwrap();
    let wanted = value::<String>(&owner, names).await;
    assert_eq!(wanted, "own seen_1_v_k_idx seen_3_v_k_idx seen_4_v_k_idx1");
    let (database, options) = prepared(&format!("{PARTED} {fitting}"), index).await;
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty(), "{}", errors(&database).await);
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<String>(&owner, names).await, wanted);
}
