//! What the catalog shows to be in the way, found at plan: each kind of relation in each form of
//! statement is run to its end or refused by name, and what the server would refuse is refused before.

use crate::{
    database::{Database, majors},
    runner,
};

/// Each kind of relation as `t`, with the columns `id`, `a`, `b` where it can have them.
const KINDS: [(&str, &str); 10] = [
    ("table", "CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'x', 'y')"),
    (
        "parent",
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text); CREATE TABLE c (PRIMARY KEY (id)) INHERITS (t);
         INSERT INTO t VALUES (1, 'x', 'y'); INSERT INTO c VALUES (2, 'x', 'y')",
    ),
    (
        "child",
        "CREATE TABLE p (id int PRIMARY KEY, a text); CREATE TABLE t (b text, PRIMARY KEY (id)) INHERITS (p);
         INSERT INTO t VALUES (1, 'x', 'y')",
    ),
    (
        "partitioned",
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text) PARTITION BY RANGE (id);
         CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 'x', 'y')",
    ),
    (
        "part",
        "CREATE TABLE p (id int PRIMARY KEY, a text, b text) PARTITION BY RANGE (id);
         CREATE TABLE t PARTITION OF p FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 'x', 'y')",
    ),
    (
        "with a foreign part",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE TABLE t (id int, a text, b text) PARTITION BY RANGE (id);
         CREATE FOREIGN TABLE f PARTITION OF t FOR VALUES FROM (0) TO (10) SERVER s",
    ),
    (
        "foreign table",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE t (id int, a text, b text) SERVER s",
    ),
    ("view", "CREATE VIEW t AS SELECT 1 AS id, 'x'::text AS a, 'y'::text AS b"),
    ("materialized view", "CREATE MATERIALIZED VIEW t AS SELECT 1 AS id, 'x'::text AS a, 'y'::text AS b"),
    ("unlogged", "CREATE UNLOGGED TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'x', 'y')"),
];

/// Each form of statement.
const FORMS: [(&str, &str); 16] = [
    ("fill", "ALTER TABLE t ADD COLUMN n text; UPDATE t SET n = upper(a)"),
    ("fill old", "-- changeover: sync=once\nUPDATE t SET b = upper(a)"),
    ("volatile default", "ALTER TABLE t ADD COLUMN n uuid NOT NULL DEFAULT gen_random_uuid()"),
    ("add column", "ALTER TABLE t ADD COLUMN n int DEFAULT 3"),
    ("drop own", "ALTER TABLE t DROP COLUMN b"),
    ("drop shared", "ALTER TABLE t DROP COLUMN a"),
    ("not null", "ALTER TABLE t ALTER COLUMN b SET NOT NULL"),
    ("default", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 'z'"),
    ("check", "ALTER TABLE t ADD CONSTRAINT k CHECK (a <> '')"),
    ("unique", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id, a)"),
    ("index", "CREATE INDEX t_a ON t (a)"),
    ("trigger", "CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()"),
    ("insert", "INSERT INTO t VALUES (3, 'x', 'y')"),
    ("tune", "ALTER TABLE t ALTER COLUMN a SET STATISTICS 50"),
    ("drop", "DROP TABLE t"),
    ("child", "CREATE TABLE kid () INHERITS (t)"),
];

#[tokio::test]
async fn each_kind_in_each_form_is_run_or_refused_by_name() {
    let function =
        "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'";
    let major = *majors().last().unwrap();
    let mut table = String::new();
    for (kind, setup) in KINDS {
        for (form, text) in FORMS {
            let database = Database::with(major, setup).await;
            database.run(function).await;
            let plan = database.plan_of(text).await;
            let refused: Vec<&str> = plan.refusals.iter().map(|r| r.rule.as_str()).collect();
            if refused.is_empty() {
                runner::run(&database, &plan).await;
                if form == "fill" {
                    let unfilled = database.value("SELECT count(*) FROM t WHERE n IS NULL").await;
                    assert_eq!(unfilled, "0", "{kind}, {form}");
                }
            } else {
                table.push_str(&format!("{kind}, {form}: {}\n", refused.join(" ")));
            }
        }
    }
    insta::assert_snapshot!(table);
}

const DEPENDANTS: &str = "
    CREATE TABLE doc (id bigserial PRIMARY KEY, title text, tenant text, code text UNIQUE, k text NOT NULL, f text);
    ALTER TABLE doc ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON doc USING (tenant = current_user);
    CREATE TABLE ref (id bigserial PRIMARY KEY, code text REFERENCES doc (code));
    CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
    CREATE TABLE c (id bigserial PRIMARY KEY, h int DEFAULT half(4)); CREATE INDEX ON c (half(h));
    CREATE TYPE mood AS ENUM ('x'); CREATE TABLE m (id bigserial PRIMARY KEY, m mood);
    CREATE SEQUENCE s1; CREATE TABLE e (id bigint PRIMARY KEY DEFAULT nextval('s1'));
    CREATE VIEW v AS SELECT id, title FROM doc;
    CREATE DOMAIN d AS text; CREATE TABLE dt (id int PRIMARY KEY, d d[]);
    CREATE TABLE parent (id int); CREATE TABLE kid () INHERITS (parent);
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER tr BEFORE UPDATE ON doc FOR EACH ROW WHEN (OLD.f IS NULL) EXECUTE FUNCTION tf();";

/// A drop, and whether the server lets it go.
const DROPS: [&str; 19] = [
    "ALTER TABLE doc DROP COLUMN tenant",
    "ALTER TABLE doc DROP COLUMN code",
    "ALTER TABLE doc DROP COLUMN title",
    "ALTER TABLE doc DROP COLUMN k",
    "ALTER TABLE doc DROP COLUMN f",
    "ALTER TABLE doc DROP CONSTRAINT doc_code_key",
    "ALTER TABLE ref DROP CONSTRAINT ref_code_fkey",
    "ALTER TABLE c DROP COLUMN h",
    "ALTER TABLE m DROP COLUMN m",
    "DROP FUNCTION half(int)",
    "DROP FUNCTION tf()",
    "DROP TYPE mood",
    "DROP DOMAIN d",
    "DROP SEQUENCE s1",
    "DROP TABLE parent",
    "DROP TABLE kid",
    "DROP TABLE doc",
    "DROP TABLE v",
    "DROP VIEW v",
];

#[tokio::test]
async fn drops_are_planned_where_the_server_lets_them_go() {
    for major in majors() {
        let database = Database::with(major, DEPENDANTS).await;
        for text in DROPS {
            let refusals = database.plan_of(text).await.refusals;
            let server = database.client.batch_execute(&format!("BEGIN; {text};")).await;
            database.run("ROLLBACK").await;
            let why = refusals.first().map(|refusal| refusal.reason.as_str());
            assert_eq!(
                why.is_none(),
                server.is_ok(),
                "PostgreSQL {major}, {text}: {why:?} {server:?}"
            );
        }
        let refused = &database.plan_of("ALTER TABLE doc DROP COLUMN code").await.refusals[0];
        assert_eq!(refused.rule, "in-use");
        assert!(refused.reason.contains("constraint ref_code_fkey of ref"), "{}", refused.reason);
        // What the remedies say leads on, in one migration.
        let ways = "DROP VIEW v; ALTER TABLE doc DROP COLUMN title; ALTER TABLE ref DROP CONSTRAINT ref_code_fkey;
             ALTER TABLE doc DROP COLUMN code; ALTER TABLE c DROP COLUMN h; DROP FUNCTION half(int);
             ALTER TABLE m DROP COLUMN m; DROP TYPE mood;
             ALTER TABLE e ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE s1;
             DROP TRIGGER tr ON doc; DROP FUNCTION tf(); DROP TABLE kid; DROP TABLE parent";
        let plan = database.plan(ways).await;
        runner::run(&database, &plan).await;
    }
}

/// Tables on which a backfill would set off more than it should, and the rule that says so.
const FIRING: [(&str, &str); 9] = [
    ("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING", "rules-fire"),
    ("CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING", "rules-fire"),
    ("CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING", ""),
    ("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING; ALTER TABLE t DISABLE RULE r", ""),
    ("CREATE TABLE o (b text REFERENCES t (b) ON UPDATE CASCADE)", "fills-referenced"),
    ("CREATE TABLE o (b text REFERENCES t (b))", "fills-referenced"),
    (
        "ALTER TABLE t DROP CONSTRAINT t_pkey; CREATE PUBLICATION {p} FOR TABLE t",
        "replica-identity",
    ),
    (
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION {p} FOR ALL TABLES",
        "",
    ),
    ("CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf()", "user-triggers"),
];

#[tokio::test]
async fn what_fires_on_a_fill_is_refused_by_name() {
    let setup = "CREATE TABLE t (id int PRIMARY KEY, a text, b text UNIQUE NOT NULL);
        CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
    for major in majors() {
        for (more, expected) in FIRING {
            let database = Database::with(major, setup).await;
            database.run(&more.replace("{p}", "pub")).await;
            let plan =
                database.plan_of("-- changeover: sync=once\nUPDATE t SET b = upper(a)").await;
            let rules: Vec<&str> = plan.refusals.iter().map(|r| r.rule.as_str()).collect();
            assert_eq!(rules.join(" "), expected, "PostgreSQL {major}: {more}");
        }
        // Rules and triggers of parts fire as well, when a backfill goes part by part.
        let parts = "CREATE TABLE f (id int PRIMARY KEY, a text, b text) PARTITION BY RANGE (id);
            CREATE TABLE f1 PARTITION OF f FOR VALUES FROM (0) TO (9);
            CREATE TRIGGER tr BEFORE UPDATE ON f1 FOR EACH ROW EXECUTE FUNCTION tf();";
        let database = Database::with(major, setup).await;
        database.run(parts).await;
        let text = "ALTER TABLE f ADD COLUMN n text; UPDATE f SET n = a";
        let plan = database.plan_of(text).await;
        assert!(plan.refusals[0].reason.contains("tr of f1"), "{:?}", plan.refusals);
    }
}

#[tokio::test]
async fn what_single_rows_may_run_into_is_said() {
    let setup = "CREATE TABLE t (id int PRIMARY KEY, a text);
        ALTER TABLE t ADD CONSTRAINT has_at CHECK (a LIKE '%@%') NOT VALID;
        CREATE PUBLICATION sent FOR TABLE t;";
    let database = Database::with(15, setup).await;
    let plan = database.plan("ALTER TABLE t ADD COLUMN n text; UPDATE t SET n = lower(a)").await;
    let fill = plan.steps.iter().find(|step| step.id.as_str().ends_with("backfill")).unwrap();
    assert!(fill.reason.contains("NOT VALID: has_at"), "{}", fill.reason);
    assert!(fill.reason.contains("subscribers of sent"), "{}", fill.reason);
}
