//! Plans were made of backfills that the catalog says cannot work; one bad row kept the others of its
//! batch from being filled, and each run stopped at the first.
//!
//! What no UPDATE can do is refused; rows that a check, a trigger or the expression rejects are parked,
//! all others filled, and the contract waits until they are mended.

use super::stage::{OWNER, SERVICE, SUPERUSER, Stage};

const TAG: &str = "
    CREATE TABLE tag (name text NOT NULL UNIQUE, j jsonb);
    INSERT INTO tag SELECT 'n' || g, jsonb_build_object('p', g) FROM generate_series(1, 10) g;";
const PROVIDER: &str =
    "ALTER TABLE tag ADD COLUMN provider text; UPDATE tag SET provider = j ->> 'p';";

#[tokio::test]
async fn a_published_table_without_replica_identity_is_refused() {
    for (before, publication) in [
        ("", "FOR TABLE tag"),
        ("", "FOR ALL TABLES"),
        ("", "FOR TABLE tag WITH (publish = 'insert, update')"),
        ("ALTER TABLE tag REPLICA IDENTITY NOTHING;", "FOR TABLE tag"),
    ] {
        let stage = Stage::adopted(&format!("{TAG}{before}")).await;
        stage.sql(SUPERUSER, &format!("CREATE PUBLICATION p {publication}")).await;
        stage
            .refuses(PROVIDER, "replica-identity", &["publication p", "REPLICA IDENTITY FULL"])
            .await;
        // As the message says, in the same migration.
        stage.upgrade(&format!("ALTER TABLE tag REPLICA IDENTITY FULL; {PROVIDER}")).await;
        let filled = "SELECT count(*), count(provider) FROM tag";
        assert_eq!(stage.value(OWNER, filled).await, "10|10", "{publication}");
    }
}

#[tokio::test]
async fn a_table_whose_updates_are_not_published_is_filled() {
    for (before, publication) in [
        ("", "FOR TABLE tag WITH (publish = 'insert')"),
        ("ALTER TABLE tag REPLICA IDENTITY USING INDEX tag_name_key;", "FOR TABLE tag"),
        ("ALTER TABLE tag REPLICA IDENTITY FULL;", "FOR ALL TABLES"),
    ] {
        let stage = Stage::adopted(&format!("{TAG}{before}")).await;
        stage.sql(SUPERUSER, &format!("CREATE PUBLICATION p {publication}")).await;
        stage.upgrade(PROVIDER).await;
        let filled = "SELECT count(*), count(provider) FROM tag";
        assert_eq!(stage.value(OWNER, filled).await, "10|10", "{before}{publication}");
    }
}

/// A table, what fills its column, what rejects rows, what is said of them, and what mends them.
struct Rejected {
    table: &'static str,
    fill: &'static str,
    said: &'static str,
    mend: &'static str,
}

const REJECTED: [Rejected; 4] = [
    Rejected {
        table: "CREATE TABLE t (id bigserial PRIMARY KEY, v text);
                INSERT INTO t (v) SELECT CASE WHEN g % 100 = 0 THEN 'BROKEN' ELSE 'U@' || g END
                  FROM generate_series(1, 300) g;
                ALTER TABLE t ADD CONSTRAINT has_at CHECK (v LIKE '%@%') NOT VALID;",
        fill: "UPDATE t SET w = lower(v);",
        said: "has_at",
        mend: "UPDATE t SET v = 'MENDED@' WHERE v = 'BROKEN'",
    },
    Rejected {
        table: "CREATE TABLE t (id bigserial PRIMARY KEY, v text);
                INSERT INTO t (v) SELECT CASE WHEN g % 100 = 0 THEN 'closed' ELSE 'open' END
                  FROM generate_series(1, 300) g;
                CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF OLD.v = 'closed' THEN RAISE 'invoice % is closed', OLD.id; END IF;
                  RETURN NEW; END $$;
                CREATE TRIGGER frozen BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION frozen();",
        fill: "-- changeover: user-triggers=fire because \"harmless\"
               UPDATE t SET w = lower(v);",
        said: "invoice 100 is closed",
        mend: "DROP TRIGGER frozen ON t",
    },
    Rejected {
        // A trigger that takes the update back without a word.
        table: "CREATE TABLE t (id bigserial PRIMARY KEY, v text);
                INSERT INTO t (v) SELECT CASE WHEN g % 100 = 0 THEN 'closed' ELSE 'open' END
                  FROM generate_series(1, 300) g;
                CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  IF OLD.v = 'closed' THEN RETURN NULL; END IF; RETURN NEW; END $$;
                CREATE TRIGGER frozen BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION frozen();",
        fill: "-- changeover: user-triggers=fire because \"harmless\"
               UPDATE t SET w = lower(v);",
        said: "differ",
        mend: "DROP TRIGGER frozen ON t",
    },
    Rejected {
        // The expression itself.
        table: "CREATE TABLE t (id bigserial PRIMARY KEY, v text);
                INSERT INTO t (v) SELECT CASE WHEN g % 100 = 0 THEN 'x' ELSE g::text END
                  FROM generate_series(1, 300) g;",
        fill: "UPDATE t SET w = v::int::text;",
        said: "22P02",
        mend: "UPDATE t SET v = '5' WHERE v = 'x'",
    },
];

#[tokio::test]
async fn rows_that_are_rejected_are_parked_and_all_others_filled() {
    for case in REJECTED {
        let stage = Stage::adopted(case.table).await;
        stage.second(&format!("ALTER TABLE t ADD COLUMN w text;\n{}", case.fill));
        let ran = stage.migrate().await;
        assert!(ran.all().contains(case.said), "{}: {}", case.said, ran.all());
        let filled = stage.value(OWNER, "SELECT count(*), count(w) FROM t").await;
        assert_eq!(filled, "300|297", "{}\n{}", case.said, ran.all());
        // The older release goes on with the other rows.
        stage.sql(SERVICE, "UPDATE t SET v = v WHERE id = 5").await;
        if !ran.stderr.contains('✗') {
            // The trigger stays as long as rows are parked.
            let ran = stage.contract().await;
            assert!(ran.all().contains("3 rows are parked"), "{}", ran.all());
            assert!(stage.open_steps().await.contains("sync_drop"), "{}", ran.all());
        }
        stage.sql(OWNER, case.mend).await;
        stage.migrate().await.ok();
        stage.contract().await.ok();
        assert_eq!(stage.open_steps().await, "", "{}", case.said);
        let filled = stage.value(OWNER, "SELECT count(*), count(w) FROM t").await;
        assert_eq!(filled, "300|300", "{}", case.said);
    }
}

#[tokio::test]
async fn the_plan_says_which_check_old_rows_may_break() {
    let stage = Stage::adopted(REJECTED[0].table).await;
    stage.second("ALTER TABLE t ADD COLUMN w text; UPDATE t SET w = lower(v);");
    let plan = stage.run(&["plan", "--json"]).await.ok().stdout;
    assert!(plan.contains("old rows may break the check that is NOT VALID: has_at"), "{plan}");
}
