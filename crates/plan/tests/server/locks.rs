//! The locks that steps claim, compared with those that servers take.

use crate::{
    database::{Database, majors},
    runner,
};
use changeover_plan::{Course, LockMode, Step};
use std::collections::BTreeMap;

const SETUP: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, total int,
        status varchar(10) NOT NULL, legacy text NOT NULL, CONSTRAINT c CHECK (total > 0));
    CREATE INDEX old_index ON orders (total);
    CREATE TABLE flows (id int, k int, a text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
    CREATE TABLE flows_1 PARTITION OF flows FOR VALUES IN (1);
    CREATE TABLE unused (id int PRIMARY KEY, c bigint REFERENCES customers);
    CREATE VIEW v AS SELECT id FROM customers;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE TRIGGER tr AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
    CREATE TABLE fired (id int PRIMARY KEY); ALTER TABLE fired FORCE ROW LEVEL SECURITY;
    CREATE TRIGGER one AFTER INSERT ON fired FOR EACH ROW EXECUTE FUNCTION f();
    CREATE TRIGGER two AFTER INSERT ON fired FOR EACH ROW EXECUTE FUNCTION f();
    INSERT INTO customers VALUES (1, 'x'); INSERT INTO orders VALUES (1, 1, 1, 'a', 'b');";

const MIGRATION: &str = "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b int NOT NULL DEFAULT 3;
    UPDATE orders SET a = upper(status);
    ALTER TABLE orders ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid();
    ALTER TABLE orders ADD COLUMN r bigint REFERENCES customers;
    ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
    ALTER TABLE orders ALTER COLUMN total SET DEFAULT 1;
    ALTER TABLE orders ALTER COLUMN total SET STATISTICS 200;
    ALTER TABLE orders SET (fillfactor = 90);
    ALTER TABLE orders ADD CHECK (total < 1000);
    ALTER TABLE orders ADD UNIQUE (total);
    ALTER TABLE orders DROP CONSTRAINT c;
    ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;
    ALTER TABLE orders DROP COLUMN legacy;
    -- changeover: allow=type-change because \"nobody prepares\"
    ALTER TABLE orders ALTER COLUMN status TYPE varchar(20);
    DROP TRIGGER tr ON orders;
    DROP TABLE unused;
    DROP VIEW v;
    CREATE TABLE notes (id int PRIMARY KEY, o bigint REFERENCES orders, c bigint REFERENCES customers ON DELETE CASCADE);
    CREATE INDEX ON notes (o);
    INSERT INTO notes VALUES (1, 1, 1);
    UPDATE notes SET o = NULL;
    ALTER TABLE notes ADD COLUMN more bigint REFERENCES customers;
    CREATE TRIGGER tr2 BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
    CREATE VIEW v2 AS SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id;
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM orders WITH NO DATA;
    COMMENT ON TABLE orders IS 'x'; COMMENT ON COLUMN orders.total IS 'y';
    GRANT SELECT ON orders TO PUBLIC;
    INSERT INTO orders VALUES (2, NULL, 2, 'a', 'b');
    CREATE SEQUENCE s OWNED BY orders.total;
    CREATE STATISTICS st ON total, status FROM orders;
    CREATE TABLE flows_2 PARTITION OF flows FOR VALUES IN (2);
    CREATE TABLE flows_3 (id int NOT NULL, k int NOT NULL, a text);
    ALTER TABLE flows ATTACH PARTITION flows_3 FOR VALUES IN (3);
    ALTER TABLE flows ADD COLUMN b text;
    UPDATE flows SET b = a;
    ALTER TABLE flows ADD CHECK (k > 0);
    ALTER TABLE customers OWNER TO CURRENT_USER;
    ALTER TABLE fired NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE fired DISABLE TRIGGER one;
    ALTER TABLE fired ENABLE TRIGGER one;
    ALTER TRIGGER two ON fired RENAME TO other;
    ALTER TABLE fired REPLICA IDENTITY FULL;
    CREATE TYPE mood AS ENUM ('a');";

/// The strongest lock on each relation that was there before, while the step's transaction is open.
async fn taken(database: &Database, step: &Step) -> BTreeMap<String, LockMode> {
    let before = database
        .value(
            "SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm')
                AND relnamespace = 'public'::regnamespace AND NOT relispartition",
        )
        .await;
    let before: BTreeMap<&str, &str> =
        before.lines().filter_map(|line| line.split_once(' ')).collect();
    let inside = runner::statements(step).join(";").replace("; COMMIT", "").replace("BEGIN; ", "");
    database.run("BEGIN").await;
    database.run(&inside).await;
    let held = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'";
    let mut strongest = BTreeMap::new();
    for line in database.value(held).await.lines() {
        let (relation, mode) = line.split_once(' ').unwrap();
        let Some(relation) = before.get(relation) else { continue };
        let mode = LockMode::from_pg_locks_name(mode).unwrap();
        let entry = strongest.entry((*relation).to_owned()).or_insert(mode);
        *entry = mode.max(*entry);
    }
    database.run("COMMIT").await;
    strongest
}

/// The strongest lock that the step claims on each relation.
fn claimed(step: &Step) -> BTreeMap<String, LockMode> {
    let mut strongest = BTreeMap::new();
    for lock in &step.locks {
        let entry = strongest.entry(lock.relation.plain()).or_insert(lock.mode);
        *entry = lock.mode.max(*entry);
    }
    strongest
}

#[tokio::test]
async fn steps_take_the_locks_that_they_claim() {
    for major in majors() {
        let database = Database::with(major, SETUP).await;
        let plan = database.plan(MIGRATION).await;
        let mut wrong = Vec::new();
        for step in &plan.steps {
            let in_transaction = !matches!(
                step.kind.course(),
                Course::IndexBuild(_) | Course::Outside { .. } | Course::BackfillCheck(_)
            );
            if !in_transaction {
                runner::run_step(&database, step).await;
                continue;
            }
            let (claimed, taken) = (claimed(step), taken(&database, step).await);
            // Reading the catalog by functions such as pg_get_expr takes ACCESS SHARE; harmless.
            let differs = |relation: &String| {
                let weakest = LockMode::AccessShare;
                claimed.get(relation).unwrap_or(&weakest) != taken.get(relation).unwrap_or(&weakest)
            };
            let mut relations: Vec<&String> = claimed.keys().chain(taken.keys()).collect();
            relations.sort();
            relations.dedup();
            for relation in relations.into_iter().filter(|relation| differs(relation)) {
                wrong.push(format!(
                    "{major} {} {}: {relation} claimed {:?} taken {:?}",
                    step.id,
                    step.title,
                    claimed.get(relation),
                    taken.get(relation)
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
