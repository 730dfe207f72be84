//! What statements do as they are written, held against servers: kinds in which `cargo xtask facts`
//! found a prediction wrong, on real histories. Each is run alone and rolled back.

use crate::database::{Database, majors};
use changeover_plan::{LockMode, change, sql};
use std::collections::BTreeMap;

const SETUP: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, code varchar(10) UNIQUE, name text);
    CREATE TABLE orders (id serial PRIMARY KEY, customer_id int REFERENCES customers,
        code varchar(10) REFERENCES customers (code), n int GENERATED ALWAYS AS IDENTITY, note varchar(10));
    CREATE TABLE marks (id int PRIMARY KEY);
    CREATE INDEX orders_note ON orders (note);
    CREATE INDEX orders_code ON orders (code);
    INSERT INTO customers VALUES (1, 'a', 'x');
    INSERT INTO orders (customer_id, code, note) VALUES (1, 'a', 'b');";

const STATEMENTS: [&str; 25] = [
    // Sequences go with their columns.
    "DROP TABLE orders",
    "ALTER TABLE orders DROP COLUMN id",
    "ALTER TABLE orders DROP COLUMN n",
    "ALTER TABLE orders DROP COLUMN note",
    // Foreign keys are made once more, from either side.
    "ALTER TABLE orders ALTER COLUMN customer_id TYPE bigint",
    "ALTER TABLE customers ALTER COLUMN code TYPE varchar(20)",
    "ALTER TABLE customers ALTER COLUMN name TYPE varchar(20)",
    "ALTER TABLE orders ALTER COLUMN n TYPE bigint",
    // Locked though nothing of them changes for readers.
    "ALTER SEQUENCE orders_id_seq OWNED BY NONE",
    "ALTER SEQUENCE orders_id_seq CACHE 5",
    "ANALYZE orders",
    // Only the catalog is changed.
    "ALTER TABLE orders ALTER COLUMN note TYPE varchar(20)",
    "ALTER TABLE orders ALTER COLUMN note TYPE text",
    "ALTER TABLE orders ALTER COLUMN note TYPE varchar(5)",
    "ALTER INDEX orders_note RENAME TO orders_note_v1",
    "ALTER INDEX marks_pkey RENAME TO marks_key",
    "DROP TRIGGER IF EXISTS gone ON orders",
    "DROP TABLE IF EXISTS gone",
    // Nothing is read.
    "ALTER TABLE orders ADD COLUMN mark int REFERENCES marks",
    "CREATE INDEX IF NOT EXISTS orders_note ON orders (note)",
    "CREATE INDEX ON orders (note, code)",
    // Bodies in SQL lock as they would when run.
    "CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql AS 'SELECT id FROM customers'",
    "CREATE FUNCTION holds() RETURNS bigint LANGUAGE sql AS 'SELECT id FROM customers FOR SHARE'",
    "CREATE FUNCTION writes() RETURNS void LANGUAGE sql AS 'DELETE FROM customers'",
    "CREATE FUNCTION later() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM customers; END'",
];

const NOTE: &str = "CREATE TEMP TABLE before AS
    SELECT c.oid, c.relname, pg_relation_filenode(c.oid) AS node, c.relkind, s.seq_scan
      FROM pg_class c LEFT JOIN pg_stat_xact_user_tables s ON s.relid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v')";
const LOCKS: &str = "SELECT b.relname, l.mode FROM pg_locks l JOIN before b ON b.oid = l.relation
     WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode <> 'AccessShareLock'";
const REWRITTEN: &str = "SELECT b.relname FROM before b JOIN pg_class c ON c.oid = b.oid
     WHERE b.relkind = 'r' AND pg_relation_filenode(c.oid) <> b.node ORDER BY 1";
/// The counters may hold what was not reported yet of the statement before.
const SCANNED: &str =
    "SELECT b.relname FROM pg_stat_xact_user_tables s JOIN before b ON b.oid = s.relid
     WHERE s.seq_scan > coalesce(b.seq_scan, 0) ORDER BY 1";

/// What one statement does: the strongest lock on each relation, what is written out, what is read.
#[derive(Debug, Default, PartialEq)]
struct Done {
    locks: BTreeMap<String, LockMode>,
    rewritten: Vec<String>,
    scanned: Vec<String>,
}

impl Done {
    fn lock(&mut self, relation: String, mode: LockMode) {
        let entry = self.locks.entry(relation).or_insert(mode);
        *entry = mode.max(*entry);
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

async fn predicted(database: &Database, statement: &str) -> Done {
    let catalog = database.catalog().await;
    let statements = sql::parse(statement).unwrap();
    let changes = change::written(&catalog, &statements[0]).unwrap();
    let facts = change::facts_of_statement(&catalog, &changes);
    let mut done = Done::default();
    for (relation, mode) in facts.locks {
        // Reading the catalog by functions takes ACCESS SHARE; harmless.
        if mode > LockMode::AccessShare && catalog.relation(&relation).is_some() {
            done.lock(relation.plain(), mode);
        }
    }
    done.rewritten = facts.rewrites.iter().map(|table| table.plain()).collect();
    done.scanned = facts.scans.iter().map(|table| table.plain()).collect();
    done
}

async fn seen(database: &Database, statement: &str) -> Done {
    database.run(&format!("BEGIN; {NOTE}; {statement}")).await;
    let mut done = Done::default();
    for line in database.value(LOCKS).await.lines() {
        let (relation, mode) = line.split_once(' ').unwrap();
        done.lock(relation.to_owned(), LockMode::from_pg_locks_name(mode).unwrap());
    }
    done.rewritten = words(&database.value(REWRITTEN).await);
    // What is written out is read, too.
    done.scanned = words(&database.value(SCANNED).await);
    done.scanned.retain(|table| !done.rewritten.contains(table));
    database.run("ROLLBACK").await;
    done
}

async fn compare(setup: &str, statements: &[&str], with_scans: bool) {
    for major in majors() {
        let database = Database::with(major, setup).await;
        let mut wrong = Vec::new();
        for statement in statements {
            let (mut predicted, mut seen) =
                (predicted(&database, statement).await, seen(&database, statement).await);
            if !with_scans {
                (predicted.scanned, seen.scanned) = (Vec::new(), Vec::new());
            }
            if predicted != seen {
                wrong.push(format!(
                    "{major}: {statement}\n  predicted {predicted:?}\n  seen {seen:?}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn statements_do_what_is_predicted() {
    compare(SETUP, &STATEMENTS, true).await;
}

const KEYS: &str = "CREATE TABLE teams (id int PRIMARY KEY, code text UNIQUE, name text);
    CREATE TABLE people (id int PRIMARY KEY, team int REFERENCES teams ON DELETE CASCADE);
    CREATE TABLE badges (id int PRIMARY KEY, person int REFERENCES people ON DELETE SET NULL,
        code text REFERENCES teams (code) ON UPDATE CASCADE);
    CREATE TABLE visits (id int PRIMARY KEY, person int REFERENCES people);
    INSERT INTO teams VALUES (1, 'a'), (2, 'b'), (3, 'c');
    INSERT INTO people VALUES (1, 1), (2, 2);
    INSERT INTO badges VALUES (1, 1, 'a'), (2, 2, NULL);
    INSERT INTO visits VALUES (1, 1);";

#[tokio::test]
async fn writes_lock_what_foreign_keys_set_off() {
    // What a write reads is no scan of a change to the schema.
    let statements = [
        // Cascades to people, whose badges lose them and whose visits are looked for.
        "DELETE FROM teams WHERE id = 2",
        "DELETE FROM badges",
        "UPDATE teams SET code = 'x' WHERE id = 1",
        "UPDATE teams SET id = 4 WHERE id = 3",
        "UPDATE teams SET name = 'x'",
        "UPDATE people SET team = 3",
        "UPDATE people SET team = NULL",
        "INSERT INTO visits VALUES (2, 2)",
        "WITH gone AS (DELETE FROM visits RETURNING id) INSERT INTO teams SELECT id + 8 FROM gone",
        "WITH x AS (UPDATE teams SET name = 'x' RETURNING id) DELETE FROM visits",
    ];
    compare(KEYS, &statements, false).await;
}

const TRIGGERS: &str = "CREATE TABLE counted (id int PRIMARY KEY, at timestamptz);
    CREATE TABLE counts (n int);
    CREATE TABLE parents (id int PRIMARY KEY);
    CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);
    CREATE TABLE ruled (id int);
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.at := now(); RETURN NEW; END';
    CREATE FUNCTION adds() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO counts VALUES (1); RETURN NULL; END';
    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'DELETE FROM counts RETURNING 1';
    CREATE FUNCTION calls() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.id := one(); RETURN NEW; END';
    CREATE TRIGGER stamp BEFORE INSERT ON counted FOR EACH ROW EXECUTE FUNCTION stamp();
    CREATE TRIGGER adds AFTER DELETE ON counted FOR EACH ROW EXECUTE FUNCTION adds();
    CREATE TRIGGER calls BEFORE UPDATE OF at ON counted FOR EACH ROW EXECUTE FUNCTION calls();
    CREATE TRIGGER adds AFTER DELETE ON children FOR EACH ROW EXECUTE FUNCTION adds();
    CREATE RULE also AS ON INSERT TO ruled DO ALSO DELETE FROM counts;
    CREATE VIEW seen AS SELECT * FROM ruled;";

#[tokio::test]
async fn what_fires_out_of_sight_is_left_open() {
    let statements = [
        ("INSERT INTO counted VALUES (1)", false),
        ("UPDATE counted SET id = 2", false),
        // A function that it calls may do anything.
        ("UPDATE counted SET at = now()", true),
        ("DELETE FROM counted", true),
        // By way of a foreign key's action.
        ("DELETE FROM parents", true),
        ("INSERT INTO parents VALUES (1)", false),
        ("INSERT INTO ruled VALUES (1)", true),
        ("DELETE FROM ruled", false),
        ("DELETE FROM seen", true),
    ];
    for major in majors() {
        let database = Database::with(major, TRIGGERS).await;
        let catalog = database.catalog().await;
        for (statement, open) in statements {
            let parsed = sql::parse(statement).unwrap();
            let changes = change::written(&catalog, &parsed[0]).unwrap();
            let facts = change::facts_of_statement(&catalog, &changes);
            assert_eq!(facts.open, open, "{major}: {statement}");
        }
    }
}
