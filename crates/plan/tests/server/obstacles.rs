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
    CREATE TABLE g (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED, n bigserial);
    CREATE TABLE pp (id bigserial PRIMARY KEY, a int) PARTITION BY RANGE (id);
    CREATE TABLE pp1 PARTITION OF pp DEFAULT;
    CREATE SEQUENCE s1; CREATE TABLE e (id bigint PRIMARY KEY DEFAULT nextval('s1'));
    CREATE VIEW v AS SELECT id, title FROM doc;
    CREATE DOMAIN d AS text; CREATE TABLE dt (id int PRIMARY KEY, d d[]);
    CREATE TABLE parent (id int); CREATE TABLE kid () INHERITS (parent);
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER tr BEFORE UPDATE ON doc FOR EACH ROW WHEN (OLD.f IS NULL) EXECUTE FUNCTION tf();";

/// A drop, and whether the server lets it go.
const DROPS: [&str; 28] = [
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
    "DROP TABLE m",
    "DROP TABLE e",
    "DROP TABLE ref",
    "DROP TABLE g",
    "ALTER TABLE g DROP COLUMN b",
    "ALTER TABLE g DROP COLUMN n",
    "DROP SEQUENCE g_n_seq",
    "DROP TABLE pp",
    "DROP TABLE pp1",
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
const FIRING: [(&str, &str); 10] = [
    ("CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING", "rules-fire"),
    ("CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING", "rules-fire"),
    ("CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING", ""),
    ("CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING", ""),
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

/// Changes of type over a table with and without what stands in their way.
const TYPE_CHANGES: [(&str, &str, &str); 30] = [
    ("v varchar(10)", "", "varchar(20)"),
    ("v varchar(10)", "", "varchar(5)"),
    ("v varchar(10)", "", "text"),
    ("v varchar(10)", "", "varchar"),
    ("v text", "", "varchar"),
    ("v text", "", "varchar(9)"),
    ("v char(5)", "", "char(9)"),
    ("v numeric(5,2)", "", "numeric(7,2)"),
    ("v numeric(5,2)", "", "numeric(7,3)"),
    ("v numeric(5,2)", "", "numeric"),
    ("v timestamp(3)", "", "timestamp(6)"),
    ("v timestamp(3)", "", "timestamp"),
    ("v timestamp", "", "timestamp(3)"),
    ("v timestamptz(3)", "", "timestamptz"),
    ("v time(3)", "", "time(4)"),
    ("v interval(3)", "", "interval"),
    ("v varbit(5)", "", "varbit(9)"),
    ("v bit(5)", "", "bit(9)"),
    ("v int", "", "bigint"),
    ("v cidr", "", "inet"),
    ("v free", "", "int"),
    ("v int", "", "free"),
    ("v int", "", "checked"),
    ("v varchar(10)", "CREATE INDEX ON t (v)", "varchar(20)"),
    ("v varchar(10)", "CREATE INDEX ON t (lower(v))", "varchar(20)"),
    ("v varchar(10)", "CREATE INDEX ON t (id) WHERE v IS NOT NULL", "varchar(20)"),
    ("v varchar(10)", "ALTER TABLE t ADD CHECK (v <> 'q')", "varchar(20)"),
    ("v varchar(10)", "ALTER TABLE t ADD CHECK (v <> 'q') NOT VALID", "varchar(20)"),
    ("v varchar(10) COLLATE \"C\"", "CREATE INDEX ON t (v)", "varchar(20)"),
    ("v varchar(10)", "CREATE INDEX ON t (v)", "varchar(20) COLLATE \"C\""),
];

/// What a statement makes of the files and the rows of a table, in a transaction that is rolled back.
async fn touched(database: &Database, statement: &str) -> bool {
    let files = "SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY relname) FROM pg_class \
                 WHERE relname ~ '^t' AND relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace";
    let read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 't'";
    database.run("BEGIN").await;
    let before = (database.value(files).await, database.value(read).await);
    database.run(statement).await;
    let after = (database.value(files).await, database.value(read).await);
    database.run("ROLLBACK").await;
    before != after
}

#[tokio::test]
async fn a_change_of_type_is_planned_where_the_server_touches_no_row_and_no_index() {
    for major in majors() {
        let mut wrong = Vec::new();
        let domains = "CREATE DOMAIN free AS int; CREATE DOMAIN checked AS int CHECK (VALUE > 0);";
        for (column, more, to) in TYPE_CHANGES {
            let setup = format!(
                "{domains} CREATE TABLE t (id int PRIMARY KEY, {column});
                 INSERT INTO t (id) SELECT generate_series(1, 100); {more}"
            );
            let database = Database::with(major, &setup).await;
            let statement = format!("ALTER TABLE t ALTER COLUMN v TYPE {to}");
            let text = format!("-- changeover: allow=type-change because \"tested\"\n{statement}");
            let refusals = database.plan_of(&text).await.refusals;
            if touched(&database, &statement).await == refusals.is_empty() {
                wrong.push(format!("{column} {more} to {to}: {refusals:?}"));
            }
        }
        assert!(wrong.is_empty(), "PostgreSQL {major}\n{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn a_column_of_a_domain_is_planned_where_the_server_rewrites_nothing() {
    let setup = "CREATE DOMAIN checked AS int CHECK (VALUE > 0); CREATE DOMAIN over_it AS checked;
        CREATE DOMAIN free AS int; CREATE DOMAIN needed AS int NOT NULL DEFAULT 4;
        CREATE DOMAIN random AS float8 DEFAULT random(); CREATE TYPE pair AS (a checked);
        CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)";
    let types = [
        "checked",
        "over_it",
        "checked DEFAULT 3",
        "free",
        "free DEFAULT 3",
        "needed",
        "random",
        "checked[]",
        "pair",
    ];
    for major in majors() {
        let database = Database::with(major, setup).await;
        for column in types {
            let statement = format!("ALTER TABLE t ADD COLUMN n {column}");
            let refusals = database.plan_of(&statement).await.refusals;
            let touched = touched(&database, &statement).await;
            assert_eq!(touched, !refusals.is_empty(), "PostgreSQL {major}: {column}: {refusals:?}");
        }
        // A domain that the same migration makes is known as well.
        let text = "CREATE DOMAIN fresh AS int CHECK (VALUE > 0); ALTER TABLE t ADD COLUMN n fresh";
        let refusals = database.plan_of(text).await.refusals;
        assert_eq!(refusals[0].rule, "rewrites-table");
    }
}

/// Indexes, and whether an older release's write may fail because of them.
const INDEXES: [(&str, bool); 16] = [
    ("(a)", false),
    ("(lower(a))", false),
    ("(a) WHERE b IS NULL", false),
    ("(a) WHERE b = 'x' AND a <> 'y'", false),
    ("(coalesce(a, 'none'), upper(b))", false),
    ("((j ->> 'total'))", false),
    ("(a) WHERE n > 3", false),
    ("USING gin (j)", false),
    ("((n::text))", false),
    ("(((j ->> 'total')::numeric))", true),
    ("((1 / n))", true),
    ("((n + 1))", true),
    ("(own(a))", true),
    ("(a) WHERE own(b) = 'x'", true),
    ("USING gin (to_tsvector('english', a))", true),
    ("((a::varchar(3)))", true),
];

#[tokio::test]
async fn an_index_that_may_reject_a_write_waits_for_contract() {
    let setup = "CREATE FUNCTION own(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
        CREATE TABLE t (id int PRIMARY KEY, a text, b text, j jsonb, n int)";
    let database = Database::with(15, setup).await;
    for (index, waits) in INDEXES {
        let statement = format!("CREATE INDEX i ON t {index}");
        let phase = database.plan(&statement).await.steps[0].phase.as_str();
        assert_eq!(phase == "contract", waits, "{index}: {phase}");
        if waits {
            let text = format!("-- changeover: old-complies because \"checked\"\n{statement}");
            assert_eq!(database.plan(&text).await.steps[0].phase.as_str(), "online", "{index}");
        }
    }
    // A column that this upgrade adds is written by nobody yet.
    let text = "ALTER TABLE t ADD COLUMN m int; CREATE INDEX i ON t ((m + 1))";
    assert_eq!(database.plan(text).await.steps[1].phase.as_str(), "online");
}
