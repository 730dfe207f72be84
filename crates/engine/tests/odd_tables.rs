//! Tables as people really have them: their own triggers, row security, function-based defaults, no
//! primary key, uuid and composite keys, partitions, odd names. Each is handled, or refused by name
//! in the plan; none surprises in the run.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use changeover::Error;
use common::{Database, OWNER, SERVICE, migrate, value};

/// Plans `second` on top of `first` and returns the rules by which statements were refused.
async fn refusals(first: &str, second: &str) -> Vec<String> {
    let database = Database::new(15).await;
    migrate(database.options("1", &[("0001_base.sql", first)])).await.unwrap();
    let files = [("0001_base.sql", first), ("0002_next.sql", second)];
    let options = database.options("2", &files);
    let plan = changeover::operate::plan(&options).await.unwrap();
    let outcome = migrate(options).await;
    if plan.refusals.is_empty() {
        outcome.unwrap();
    } else {
        assert!(matches!(outcome, Err(Error::Refused { .. })), "refused, so nothing is run");
        let owner = database.connect(OWNER).await;
        assert_eq!(value::<i64>(&owner, "SELECT head FROM changeover.app").await, 1);
        for refusal in &plan.refusals {
            assert!(refusal.line > 0 && !refusal.remedy.is_empty() && !refusal.reason.is_empty());
        }
    }
    plan.refusals.into_iter().map(|refusal| refusal.rule).collect()
}

/// Upgrades and returns the number of rows that differ, and the database.
async fn upgraded(first: &str, second: &str, wrong: &str) -> (i64, Database) {
    let database = Database::new(15).await;
    migrate(database.options("1", &[("0001_base.sql", first)])).await.unwrap();
    let files = [("0001_base.sql", first), ("0002_next.sql", second)];
    let outlook = migrate(database.options("2", &files)).await.unwrap();
    let owner = database.connect(OWNER).await;
    let errors = "SELECT string_agg(id || ': ' || error, '; ') FROM changeover.step \
                   WHERE state = 'failed'";
    let errors: Option<String> = value(&owner, errors).await;
    assert!(outlook.failed.is_empty(), "{errors:?}");
    (value(&owner, wrong).await, database)
}

const FILL: &str = "ALTER TABLE t ADD COLUMN c integer; UPDATE t SET c = v + 1;";
const WRONG: &str = "SELECT count(*) FROM t WHERE c IS DISTINCT FROM v + 1";

#[tokio::test]
async fn a_table_without_a_key_is_refused_by_name() {
    let rules = refusals("CREATE TABLE t (v integer); INSERT INTO t VALUES (1);", FILL).await;
    assert_eq!(rules, ["no-primary-key"]);
}

#[tokio::test]
async fn a_unique_key_over_columns_that_are_not_null_will_do() {
    let first = "CREATE TABLE t (v integer, k text NOT NULL UNIQUE);
                 INSERT INTO t SELECT g, 'k' || g FROM generate_series(1, 3000) g;";
    assert_eq!(upgraded(first, FILL, WRONG).await.0, 0);
}

#[tokio::test]
async fn uuid_keys_are_handled() {
    let first = "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), v integer);
                 INSERT INTO t (v) SELECT g FROM generate_series(1, 5000) g;";
    assert_eq!(upgraded(first, FILL, WRONG).await.0, 0);
}

#[tokio::test]
async fn composite_keys_of_several_types_are_handled() {
    let first = "CREATE TABLE t (a date, b text COLLATE \"C\", c1 numeric(10,2), v integer,
                                 PRIMARY KEY (b, a, c1));
                 INSERT INTO t SELECT date '2024-01-01' + g % 50, 'k' || g % 11, g, g
                   FROM generate_series(1, 5000) g;";
    assert_eq!(upgraded(first, FILL, WRONG).await.0, 0);
}

#[tokio::test]
async fn partitioned_tables_are_filled_and_indexed_part_by_part() {
    let first = "CREATE TABLE t (region text, id bigint, v integer, PRIMARY KEY (region, id))
                     PARTITION BY LIST (region);
                 CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu');
                 CREATE TABLE t_us PARTITION OF t FOR VALUES IN ('us') PARTITION BY RANGE (id);
                 CREATE TABLE t_us_1 PARTITION OF t_us FOR VALUES FROM (0) TO (1000);
                 CREATE TABLE t_us_2 PARTITION OF t_us FOR VALUES FROM (1000) TO (MAXVALUE);
                 INSERT INTO t SELECT CASE g % 2 WHEN 0 THEN 'eu' ELSE 'us' END, g, g
                   FROM generate_series(1, 4000) g;";
    let second = format!("{FILL} CREATE INDEX t_c ON t (c);");
    let (wrong, database) = upgraded(first, &second, WRONG).await;
    assert_eq!(wrong, 0);
    let owner = database.connect(OWNER).await;
    let indexes = "SELECT count(*) FROM pg_partition_tree('t_c') WHERE isleaf";
    assert_eq!(value::<i64>(&owner, indexes).await, 3);
    let valid = "SELECT bool_and(indisvalid) FROM pg_index \
                  WHERE indexrelid IN (SELECT relid FROM pg_partition_tree('t_c'))";
    assert!(value::<bool>(&owner, valid).await);
    // A partition that comes later has the trigger and the index.
    owner
        .batch_execute(
            "CREATE TABLE t_asia PARTITION OF t FOR VALUES IN ('asia'); \
             INSERT INTO t (region, id, v) VALUES ('asia', 1, 41);",
        )
        .await
        .unwrap();
    assert_eq!(value::<i32>(&owner, "SELECT c FROM t WHERE region = 'asia'").await, 42);
}

#[tokio::test]
async fn names_that_need_quotes_are_handled() {
    let first =
        "CREATE TABLE \"Order \"\"x\" (\"Id\" bigint PRIMARY KEY, \"select\" integer, key integer);
                 INSERT INTO \"Order \"\"x\" SELECT g, g, g FROM generate_series(1, 2000) g;";
    let second = "ALTER TABLE \"Order \"\"x\" ADD COLUMN \"From\" integer;
                  UPDATE \"Order \"\"x\" SET \"From\" = \"select\" + key;
                  CREATE INDEX \"Ix from\" ON \"Order \"\"x\" (\"From\");";
    let wrong =
        "SELECT count(*) FROM \"Order \"\"x\" WHERE \"From\" IS DISTINCT FROM \"select\" + key";
    assert_eq!(upgraded(first, second, wrong).await.0, 0);
}

const AUDITED: &str = "CREATE TABLE t (id integer PRIMARY KEY, v integer, updated_at timestamptz);
     CREATE TABLE audit (id integer);
     CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NULL; END $$;
     CREATE TRIGGER audit AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audit();
     INSERT INTO t SELECT g, g FROM generate_series(1, 500) g;";

#[tokio::test]
async fn the_users_own_triggers_ask_for_a_decision() {
    assert_eq!(refusals(AUDITED, FILL).await, ["user-triggers"]);
}

#[tokio::test]
async fn the_users_own_triggers_fire_where_that_is_the_decision() {
    let second = "ALTER TABLE t ADD COLUMN c integer;
        -- changeover: user-triggers=fire because \"the audit wants to know\"
        UPDATE t SET c = v + 1;";
    let (wrong, database) = upgraded(AUDITED, second, WRONG).await;
    let owner = database.connect(OWNER).await;
    assert_eq!((wrong, value::<i64>(&owner, "SELECT count(*) FROM audit").await), (0, 500));
}

#[tokio::test]
async fn forced_row_security_is_refused_and_the_ordinary_kind_hides_nothing() {
    let base = "CREATE TABLE t (id integer PRIMARY KEY, v integer);
        INSERT INTO t SELECT g, g FROM generate_series(1, 500) g;
        ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY few ON t USING (id < 10);";
    assert_eq!(upgraded(base, FILL, WRONG).await.0, 0);
    let forced = format!("{base} ALTER TABLE t FORCE ROW LEVEL SECURITY;");
    assert_eq!(refusals(&forced, FILL).await, ["forced-row-security"]);
}

#[tokio::test]
async fn a_default_that_differs_for_each_row_is_filled_in_the_background() {
    let first = "CREATE TABLE t (id integer PRIMARY KEY, v integer);
                 INSERT INTO t SELECT g, g FROM generate_series(1, 3000) g;";
    let second = "ALTER TABLE t ADD COLUMN token uuid DEFAULT gen_random_uuid();";
    let wrong = "SELECT count(*) - count(DISTINCT token) FROM t";
    let (wrong, database) = upgraded(first, second, wrong).await;
    assert_eq!(wrong, 0);
    let service = database.connect(SERVICE).await;
    service.execute("INSERT INTO t (id, v) VALUES (9999, 1)", &[]).await.unwrap();
    let filled = "SELECT token IS NOT NULL FROM t WHERE id = 9999";
    assert!(value::<bool>(&service, filled).await);
}

/// An expression that raises: the old release's write goes through, the row is parked and holds the
/// contract; once it is mended, the contract runs.
#[tokio::test]
async fn rows_whose_expression_raises_are_parked_and_hold_the_contract() {
    let first = "CREATE TABLE t (id integer PRIMARY KEY, v text);
                 INSERT INTO t SELECT g, CASE g WHEN 700 THEN 'bad' ELSE g::text END
                   FROM generate_series(1, 2000) g;";
    let second = "ALTER TABLE t ADD COLUMN c integer; UPDATE t SET c = v::integer;";
    let wrong = "SELECT count(*) FROM t WHERE v ~ '^[0-9]+$' AND c IS DISTINCT FROM v::integer";
    let (wrong_rows, database) = upgraded(first, second, wrong).await;
    assert_eq!(wrong_rows, 0);
    let service = database.connect(SERVICE).await;
    service.execute("INSERT INTO t (id, v) VALUES (5000, 'worse')", &[]).await.unwrap();
    service.execute("UPDATE t SET v = '7' WHERE id = 7", &[]).await.unwrap();
    let owner = database.connect(OWNER).await;
    assert_eq!(value::<i64>(&owner, wrong).await, 0);
    let parked = "SELECT array_agg(key::text ORDER BY key::text) FROM changeover.parked_row";
    assert_eq!(value::<Vec<String>>(&owner, parked).await, ["[\"5000\"]", "[\"700\"]"]);

    let files = [("0001_base.sql", first), ("0002_next.sql", second)];
    let options = database.options("2", &files);
    changeover::operate::finalize(&options, 2, None).await.unwrap();
    let outlook = migrate(options.clone()).await.unwrap();
    assert_eq!(outlook.failed.len() + outlook.held.len(), 1, "{outlook:?}");
    service.execute("UPDATE t SET v = '1' WHERE id IN (700, 5000)", &[]).await.unwrap();
    let outlook = migrate(options).await.unwrap();
    assert!(outlook.failed.is_empty() && outlook.held.is_empty(), "{outlook:?}");
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%changeover%'";
    assert_eq!(value::<i64>(&owner, triggers).await, 0);
    assert_eq!(value::<i64>(&owner, wrong).await, 0);
}

/// The function that catches gives values of the column's own precision: else its rows would differ
/// for ever from what is stored.
#[tokio::test]
async fn values_with_a_precision_are_filled_beside_rows_that_raise() {
    let first = "CREATE TABLE t (id integer PRIMARY KEY, v text);
                 INSERT INTO t SELECT g, CASE g WHEN 700 THEN 'bad' ELSE g::text END
                   FROM generate_series(1, 2000) g;";
    let second = "ALTER TABLE t ADD COLUMN c numeric(6,1); UPDATE t SET c = v::numeric / 3;";
    let wrong = "SELECT count(*) FROM t
                  WHERE id <> 700 AND c IS DISTINCT FROM (v::numeric / 3)::numeric(6,1)";
    let (wrong, database) = upgraded(first, second, wrong).await;
    assert_eq!(wrong, 0);
    let owner = database.connect(OWNER).await;
    let differed = "SELECT count(*) FROM changeover.event WHERE kind = 'rows_differed'";
    assert_eq!(value::<i64>(&owner, differed).await, 0);
    let written = "SELECT sum(written)::bigint FROM changeover.progress";
    assert_eq!(value::<i64>(&owner, written).await, 1999, "each row was written once");
}

/// A row that a writer holds locked for long is left out, kept, and filled afterwards.
#[tokio::test]
async fn locked_rows_are_revisited() {
    let database = Database::new(15).await;
    let first = "CREATE TABLE t (id integer PRIMARY KEY, v integer);
                 INSERT INTO t SELECT g, g FROM generate_series(1, 3000) g;";
    migrate(database.options("1", &[("0001_base.sql", first)])).await.unwrap();
    let files = [("0001_base.sql", first), ("0002_next.sql", FILL)];
    let options = database.options("2", &files);
    let service = database.connect(SERVICE).await;
    let owner = database.connect(OWNER).await;
    // The lock is taken once the trigger stands, since that would wait for it.
    let (begin, begun) = tokio::sync::oneshot::channel();
    let begin = std::sync::Mutex::new(Some(begin));
    let (locked, go) = tokio::sync::watch::channel(false);
    let mut options = options;
    options.hook = changeover::Hook::new(move |pause| {
        let begin = begin.lock().unwrap().take_if(|_| {
            pause.point == changeover::PausePoint::BeforeStep
                && pause.step.is_some_and(|step| step.as_str().ends_with("backfill"))
        });
        let mut go = go.clone();
        async move {
            if let Some(begin) = begin {
                begin.send(()).unwrap();
                go.wait_for(|locked| *locked).await.unwrap();
            }
        }
    });
    let upgrade = tokio::spawn(migrate(options));
    begun.await.unwrap();
    service.batch_execute("BEGIN; UPDATE t SET v = -5 WHERE id = 5").await.unwrap();
    locked.send_replace(true);
    common::until("the row is skipped", || async {
        value::<i64>(&owner, "SELECT count(*) FROM changeover.skipped_row").await == 1
    })
    .await;
    service.batch_execute("COMMIT").await.unwrap();
    upgrade.await.unwrap().unwrap();
    assert_eq!(value::<i64>(&owner, WRONG).await, 0);
    assert_eq!(value::<i64>(&owner, "SELECT count(*) FROM changeover.skipped_row").await, 0);
}
