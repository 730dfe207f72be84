//! Sync triggers on real servers.

use crate::{
    database::{Database, majors},
    runner,
};
use changeover_plan::{Phase, Plan, StepKind, step::Backfill};

/// Runs expand and online steps, leaving the trigger in place.
async fn installed(database: &Database, text: &str) -> Plan {
    let plan = database.plan(text).await;
    for step in plan.steps.iter().filter(|step| step.phase != Phase::Contract) {
        runner::run_step(database, step).await;
    }
    plan
}

/// Runs the contract steps.
async fn contracted(database: &Database, plan: &Plan) {
    for step in plan.steps.iter().filter(|step| step.phase == Phase::Contract) {
        runner::run_step(database, step).await;
    }
    let left = "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'changeover' AND p.proname <> 'park_row'";
    assert_eq!(database.value(left).await, "0", "functions are left behind");
    let left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'changeover'::regnamespace
        AND relkind = 'S'";
    assert_eq!(database.value(left).await, "0", "sequences are left behind");
}

fn check(plan: &Plan) -> &Backfill {
    plan.steps
        .iter()
        .find_map(|step| match &step.kind {
            StepKind::BackfillCheck(check) => Some(&check.0),
            _ => None,
        })
        .unwrap()
}

const PROCESSES: &str = "CREATE TABLE t (id int PRIMARY KEY, payload jsonb, other text);
    INSERT INTO t VALUES (1, '{\"start\": \"60\"}', 'x'), (2, NULL, 'y'), (3, '{}', NULL);";

const PROMOTE: &str = "ALTER TABLE t ADD COLUMN started timestamptz;
    UPDATE t SET started = to_timestamp((payload->>'start')::float8);";

#[tokio::test]
async fn every_writer_gets_the_column_right() {
    for major in majors() {
        let database = Database::with(major, PROCESSES).await;
        let plan = installed(&database, PROMOTE).await;
        // An older release, in a session whose settings are others.
        database
            .run("SET search_path = pg_catalog; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German';
                INSERT INTO public.t VALUES (4, '{\"start\": 120}');
                UPDATE public.t SET payload = '{\"start\": 180}' WHERE id = 2;
                UPDATE public.t SET other = 'z' WHERE id = 1;
                SET session_replication_role = replica;
                INSERT INTO public.t VALUES (5, '{\"start\": 240}');
                INSERT INTO public.t VALUES (6, '{}') ON CONFLICT (id) DO UPDATE SET other = 'w';
                RESET ALL")
            .await;
        assert_eq!(runner::differing(&database, check(&plan)).await, "0");
        let seconds = "SELECT string_agg(coalesce(extract(epoch FROM started)::int::text, '-'), ' ' ORDER BY id) FROM t";
        assert_eq!(database.value(seconds).await, "60 180 - 120 240 -");
        contracted(&database, &plan).await;
        database.run("INSERT INTO t (id, started) VALUES (9, now())").await;
    }
}

#[tokio::test]
async fn a_raising_expression_parks_the_row_and_the_write_goes_on() {
    for major in majors() {
        let database = Database::with(major, PROCESSES).await;
        let plan = installed(&database, PROMOTE).await;
        database
            .run(
                "INSERT INTO t VALUES (4, '{\"start\": \"soon\"}');
                UPDATE t SET payload = '{\"start\": \"late\"}' WHERE id = 1;
                UPDATE t SET other = 'again' WHERE id = 4",
            )
            .await;
        let parked =
            "SELECT app, step, relation, key, error FROM changeover.parked_row ORDER BY key";
        assert_eq!(
            database.value(parked).await,
            "shop 0002.2.backfill public.t [\"1\"] 22P02 invalid input syntax for type double precision: \"late\"\n\
             shop 0002.2.backfill public.t [\"4\"] 22P02 invalid input syntax for type double precision: \"soon\""
        );
        // What the column held before stays.
        assert_eq!(
            database.value("SELECT extract(epoch FROM started)::int FROM t WHERE id = 1").await,
            "60"
        );
        let safe = check(&plan).safe_function.as_ref().unwrap();
        let call = format!(
            "SELECT t.id, v.started IS NULL, v.changeover_error FROM t, LATERAL {}({}) AS v ORDER BY id",
            safe.name,
            safe.arguments
                .iter()
                .map(|column| format!("t.{column}"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        assert_eq!(
            database.value(&call).await,
            "1 t 22P02 invalid input syntax for type double precision: \"late\"\n2 t NULL\n3 t NULL\n\
             4 t 22P02 invalid input syntax for type double precision: \"soon\""
        );
    }
}

#[tokio::test]
async fn a_value_that_the_table_rejects_parks_the_row_and_the_write_goes_on() {
    for major in majors() {
        let setup =
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE TYPE pair AS (a int, b int);
            CREATE TABLE t (id int PRIMARY KEY, a int, kind text, p pair, \"st'ate\" int DEFAULT 1,
              CONSTRAINT \"ra'nge\" CHECK (\"st'ate\" > 0 OR kind = 'x') NOT VALID);
            INSERT INTO t VALUES (1, 5, 'y');";
        let database = Database::with(major, setup).await;
        let migration = "ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 7,
              ADD COLUMN q pair NOT NULL DEFAULT '(,)';
            UPDATE t SET b = a, q = coalesce(p, '(,)'::pair);
            -- changeover: sync=derived
            UPDATE t SET \"st'ate\" = a - 10;";
        let plan = database.plan(migration).await;
        for step in plan.steps.iter().filter(|step| step.phase == Phase::Expand) {
            runner::run_step(&database, step).await;
        }
        // Row 2 has no value, row 3 one that the CHECK rejects, row 4 one that its second half allows.
        database
            .run(
                "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3, 3, 'y');
                INSERT INTO t VALUES (4, 4, 'x'); INSERT INTO t VALUES (5, 50, 'y');
                UPDATE t SET kind = 'w' WHERE id = 5",
            )
            .await;
        let rows = "SELECT id, b, \"st'ate\", q FROM t WHERE id > 1 ORDER BY id";
        assert_eq!(
            database.value(rows).await,
            "2 7 NULL (,)\n3 3 1 (,)\n4 4 -6 (,)\n5 50 40 (,)",
            "PostgreSQL {major}"
        );
        let parked = "SELECT step, key, error FROM changeover.parked_row ORDER BY step, key";
        let found = "0002.2.backfill [\"2\"] 23502 null value in column \"b\" violates not-null constraint\n\
            0002.3.backfill [\"3\"] 23514 new row violates check constraint \"ra'nge\"";
        assert_eq!(database.value(parked).await, found, "PostgreSQL {major}");
        // The same by the function of the batches.
        let errors: Vec<String> =
            plan.steps.iter().filter_map(|step| safe_errors(&step.kind)).collect();
        let mut all = Vec::new();
        for errors in errors {
            all.push(database.value(&errors).await);
        }
        assert_eq!(all.join("\n"), "2 23502\n3 23514", "PostgreSQL {major}");
    }
}

/// Asks for which rows the values of a backfill raise.
fn safe_errors(kind: &StepKind) -> Option<String> {
    let StepKind::Backfill(backfill) = kind else { return None };
    let safe = backfill.safe_function.as_ref()?;
    let arguments: Vec<String> = safe.arguments.iter().map(|one| format!("t.{one}")).collect();
    Some(format!(
        "SELECT t.id, left(v.changeover_error, 5) FROM t, LATERAL {}({}) AS v \
         WHERE v.changeover_error IS NOT NULL AND t.id > 1 ORDER BY t.id",
        safe.name,
        arguments.join(", ")
    ))
}

#[tokio::test]
async fn a_cancelled_write_is_cancelled() {
    let database = Database::with(
        majors()[0],
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         CREATE TABLE t (id int PRIMARY KEY, a text);
         CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
         $$BEGIN PERFORM pg_sleep(60); RETURN $1; END$$",
    )
    .await;
    installed(&database, "ALTER TABLE t ADD COLUMN b text; UPDATE t SET b = slow(a)").await;
    let error = database
        .client
        .batch_execute("SET statement_timeout = 50; INSERT INTO t VALUES (1, 'x')")
        .await
        .unwrap_err();
    assert_eq!(error.code().unwrap().code(), "57014");
}

#[tokio::test]
async fn an_own_value_that_differs_is_overridden_and_counted() {
    let database = Database::with(majors()[0], PROCESSES).await;
    installed(&database, PROMOTE).await;
    let counted = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM changeover.\"shop.0002.2.overridden\"";
    database
        .run(
            "INSERT INTO t VALUES (4, '{\"start\": 120}', 'x', to_timestamp(120));
            INSERT INTO t (id, payload) VALUES (5, '{\"start\": 120}');
            UPDATE t SET other = 'x', payload = '{\"start\": 5}' WHERE id = 5;
            UPDATE t SET started = to_timestamp(5) WHERE id = 5",
        )
        .await;
    assert_eq!(database.value(counted).await, "0");
    database
        .run(
            "INSERT INTO t VALUES (6, '{\"start\": 120}', 'x', to_timestamp(7));
            UPDATE t SET started = to_timestamp(8) WHERE id = 6",
        )
        .await;
    assert_eq!(database.value(counted).await, "2");
    let own = "SELECT extract(epoch FROM started)::int FROM t WHERE id = 6";
    assert_eq!(database.value(own).await, "120");
}

#[tokio::test]
async fn weird_names_and_composite_keys() {
    for major in majors() {
        let setup = "CREATE SCHEMA \"we ird\"; CREATE TYPE \"we ird\".\"Mo'od\" AS ENUM ('a', 'b');
            CREATE TABLE \"we ird\".\"T\"\"x\" (\"K 1\" uuid, \"select\" int, \"Weird\"\"Name\" text,
                mood \"we ird\".\"Mo'od\", doc json, PRIMARY KEY (\"select\", \"K 1\"));
            INSERT INTO \"we ird\".\"T\"\"x\" VALUES (gen_random_uuid(), 1, 'q', 'a', '{}')";
        let setup = if major < 13 {
            setup.replace("gen_random_uuid()", "'00000000-0000-0000-0000-000000000001'")
        } else {
            setup.to_owned()
        };
        let database = Database::with(major, &setup).await;
        let text = "ALTER TABLE \"we ird\".\"T\"\"x\" ADD COLUMN \"N\"\"ew\" varchar(40), ADD COLUMN m2 \"we ird\".\"Mo'od\",
                ADD COLUMN d2 json;
            UPDATE \"we ird\".\"T\"\"x\" AS q SET \"N\"\"ew\" = q.\"Weird\"\"Name\" || '$changeover0$' || \"select\",
                m2 = mood, d2 = doc WHERE \"N\"\"ew\" IS NULL;
            ALTER TABLE \"we ird\".\"T\"\"x\" ALTER m2 SET DEFAULT 'b'";
        let plan = installed(&database, text).await;
        database
            .run("INSERT INTO \"we ird\".\"T\"\"x\" VALUES ('00000000-0000-0000-0000-000000000002', 2, 'it''s', 'b', '[1]')")
            .await;
        assert_eq!(runner::differing(&database, check(&plan)).await, "0");
        let shown = "SELECT string_agg(\"N\"\"ew\" || m2::text || d2::text, ' ' ORDER BY \"select\") FROM \"we ird\".\"T\"\"x\"";
        assert_eq!(database.value(shown).await, "q$changeover0$1a{} it's$changeover0$2b[1]");
        contracted(&database, &plan).await;
    }
}

#[tokio::test]
async fn partitioned_tables_old_and_new_parts() {
    for major in majors() {
        let database = Database::with(
            major,
            "CREATE TABLE t (id int, k int, a text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
             CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
             CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2) PARTITION BY LIST (k);
             CREATE TABLE t2a PARTITION OF t2 FOR VALUES IN (2);
             INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y')",
        )
        .await;
        let plan = installed(
            &database,
            "ALTER TABLE t ADD COLUMN b text; UPDATE t SET b = upper(a); CREATE INDEX ON t (b)",
        )
        .await;
        database
            .run(
                "CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3);
                SET session_replication_role = replica;
                INSERT INTO t VALUES (3, 3, 'z'), (4, 2, 'w'); INSERT INTO t1 VALUES (5, 1, 'v');
                UPDATE t SET k = 3 WHERE id = 1; RESET session_replication_role",
            )
            .await;
        assert_eq!(runner::differing(&database, check(&plan)).await, "0");
        let always = "SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger WHERE tgname LIKE 'zzzz%'";
        assert_eq!(database.value(always).await, "A", "PostgreSQL {major}");
        contracted(&database, &plan).await;
    }
}

#[tokio::test]
async fn generated_columns_filters_and_constants() {
    let database = Database::with(
        majors()[0],
        "CREATE TABLE t (id int PRIMARY KEY, a text, g text GENERATED ALWAYS AS (upper(a)) STORED, n int,
            v varchar(3), old int);
         INSERT INTO t (id, a, n, old) VALUES (1, 'x', 1, 1), (2, 'y', NULL, 2), (3, NULL, 3, NULL)",
    )
    .await;
    let text = "ALTER TABLE t ADD COLUMN b text, ADD COLUMN c int DEFAULT 7, ADD COLUMN d int, ADD COLUMN e numeric(5,1);
        UPDATE t SET b = g || a WHERE n IS NOT NULL AND b IS NULL;
        UPDATE t SET c = n WHERE n > 1;
        UPDATE t SET d = 5;
        UPDATE t SET e = n / 3.0;
        UPDATE t SET old = 0 WHERE old IS NULL;
        ALTER TABLE t ALTER COLUMN d SET NOT NULL;
        ALTER TABLE t ALTER COLUMN old SET NOT NULL;
        -- changeover: sync=derived
        UPDATE t SET v = left(a, 3) WHERE id > 1";
    let plan = installed(&database, text).await;
    database
        .run("INSERT INTO t (id, a, n) VALUES (4, 'z', 9); UPDATE t SET a = 'Q' WHERE id = 1;
              INSERT INTO t (id, d, old) VALUES (5, 6, 7); INSERT INTO t (id, v) VALUES (-1, 'own')")
        .await;
    let shown = "SELECT id, b, c, d, e, old, v FROM t ORDER BY id";
    assert_eq!(
        database.value(shown).await,
        "-1 NULL 7 5 NULL 0 own\n1 QQ 7 5 0.3 1 NULL\n2 NULL 7 5 NULL 2 y\n3 NULL 3 5 1.0 0 NULL\n\
         4 Zz 9 5 3.0 0 z\n5 NULL 7 6 NULL 7 NULL"
    );
    contracted(&database, &plan).await;
}

#[tokio::test]
async fn a_fallback_keeps_a_not_null_column_filled() {
    let database = Database::with(
        majors()[0],
        "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, '5'), (2, NULL)",
    )
    .await;
    let text = "ALTER TABLE t ADD COLUMN n int; UPDATE t SET n = coalesce(a::int, 0);
        ALTER TABLE t ALTER COLUMN n SET NOT NULL";
    installed(&database, text).await;
    database.run("INSERT INTO t VALUES (3, 'no number')").await;
    assert_eq!(database.value("SELECT n FROM t ORDER BY id").await, "5\n0\n0");
    assert_eq!(database.value("SELECT key FROM changeover.parked_row").await, "[\"3\"]");
}

#[tokio::test]
async fn other_triggers_are_seen_and_chains_follow() {
    let database = Database::with(
        majors()[0],
        "CREATE TABLE t (id int PRIMARY KEY, a text);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.a := NEW.a || '!'; RETURN NEW; END$$;
         CREATE TRIGGER zz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         INSERT INTO t VALUES (1, 'x')",
    )
    .await;
    let selects =
        (0..9).map(|_| "ALTER TABLE t ALTER COLUMN a SET STATISTICS 100;").collect::<String>();
    let text = format!(
        "ALTER TABLE t ADD COLUMN b text, ADD COLUMN c text; UPDATE t SET b = upper(a); {selects} UPDATE t SET c = b || '?'"
    );
    installed(&database, &text).await;
    database.run("INSERT INTO t VALUES (2, 'y')").await;
    assert_eq!(database.value("SELECT b, c FROM t ORDER BY id").await, "X! X!?\nY! Y!?");
}

#[tokio::test]
async fn undo_takes_everything_away() {
    for major in majors() {
        let database = Database::with(major, PROCESSES).await;
        let before = database.catalog().await.relations;
        let plan = database.plan(PROMOTE).await;
        for step in plan.steps.iter().filter(|step| step.phase != Phase::Contract) {
            runner::run_step(&database, step).await;
        }
        for step in plan.steps.iter().rev().filter(|step| step.phase != Phase::Contract) {
            for statement in &changeover_plan::change::render(&step.undo) {
                database.run(statement).await;
            }
        }
        assert!(database.catalog().await.relations == before, "PostgreSQL {major}");
    }
}
