//! Whole plans, run to the end: they give the schema that the author's statements give.

use crate::{
    database::{Database, majors},
    runner,
};
use changeover_plan::Catalog;

/// Migrations on top of [`SETUP`], each with all that older and newer releases leave behind.
const MIGRATIONS: [&str; 9] = [
    "ALTER TABLE orders ADD COLUMN a text; UPDATE orders SET a = status || '!'; CREATE INDEX ON orders (a);
     ALTER TABLE orders DROP COLUMN legacy",
    "ALTER TABLE orders ADD COLUMN k uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE",
    "ALTER TABLE orders ADD COLUMN c bigint CONSTRAINT fk REFERENCES customers (id) ON DELETE SET NULL CHECK (c > 0)",
    "ALTER TABLE orders ALTER total SET NOT NULL, ADD CHECK (total > 0 AND id > 0), ADD CONSTRAINT u UNIQUE (status, id);
     CREATE UNIQUE INDEX CONCURRENTLY ON orders (lower(status), id) WHERE total > 0",
    "CREATE INDEX ON orders (lower(status), (total + 1), status); CREATE INDEX ON orders (total) INCLUDE (status);
     CREATE INDEX ON orders (total) INCLUDE (status); CREATE INDEX ON orders ((total::text), (coalesce(total, 1)), (total + 1), (total + 2), total)",
    "ALTER TABLE nokey ADD CONSTRAINT nokey_pk PRIMARY KEY (id); DROP INDEX nokey_a; ALTER TABLE nokey ALTER a DROP NOT NULL",
    "CREATE TABLE notes (id bigserial PRIMARY KEY, o bigint REFERENCES orders); CREATE INDEX ON notes (o);
     ALTER TABLE notes ADD COLUMN n text NOT NULL DEFAULT 'x', ALTER COLUMN o SET NOT NULL;
     CREATE VIEW v AS SELECT * FROM notes; DROP TABLE nokey",
    "CREATE INDEX ON flows (a); ALTER TABLE flows ADD COLUMN b text; UPDATE flows SET b = coalesce(a, 'none');
     ALTER TABLE flows ALTER b SET NOT NULL; ALTER TABLE flows ADD CHECK (k < 9);
     CREATE TABLE flows_2 PARTITION OF flows FOR VALUES IN (2)",
    "ALTER TABLE orders ADD CONSTRAINT d UNIQUE (status, total) DEFERRABLE INITIALLY DEFERRED;
     ALTER TABLE orders ADD FOREIGN KEY (total, id) REFERENCES pairs (a, b) MATCH FULL ON UPDATE CASCADE NOT VALID;
     ALTER TABLE orders VALIDATE CONSTRAINT orders_total_id_fkey",
];

/// What is renamed or dropped by a statement behind others that name it, and that run late.
const NAMED_BEFORE: [&str; 6] = [
    "ALTER TABLE orders DISABLE TRIGGER one; ALTER TRIGGER one ON orders RENAME TO other",
    "ALTER TABLE orders DISABLE TRIGGER one; ALTER TRIGGER one ON orders RENAME TO other;
     ALTER TABLE orders ENABLE TRIGGER other",
    "ALTER TABLE orders VALIDATE CONSTRAINT old; ALTER TABLE orders DROP CONSTRAINT old",
    "CREATE TABLE kinds (id int PRIMARY KEY); INSERT INTO kinds VALUES (1);
     ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES kinds (id); ALTER TABLE kinds RENAME TO sorts",
    "CREATE TABLE kinds (id int PRIMARY KEY); INSERT INTO kinds VALUES (1);
     ALTER TABLE orders ADD FOREIGN KEY (total) REFERENCES kinds (id); ALTER TABLE kinds RENAME COLUMN id TO kind",
    "CREATE TABLE flows_2 (LIKE flows); ALTER TABLE flows ATTACH PARTITION flows_2 FOR VALUES IN (2);
     ALTER TABLE flows_2 RENAME TO flows_two",
];

const SETUP: &str = "CREATE TABLE customers (id bigint PRIMARY KEY);
    CREATE TABLE orders (id bigint PRIMARY KEY, status text, total int, legacy text NOT NULL);
    CREATE TABLE nokey (id int NOT NULL, a int NOT NULL); CREATE INDEX nokey_a ON nokey (a);
    CREATE TABLE pairs (a int, b bigint, PRIMARY KEY (a, b)); INSERT INTO pairs VALUES (1, 1);
    CREATE TABLE flows (id int, k int, a text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
    CREATE TABLE flows_1 PARTITION OF flows FOR VALUES IN (1);
    INSERT INTO flows VALUES (1, 1, 'x'), (2, 1, NULL);
    INSERT INTO orders VALUES (1, 'A', 1, 'x');
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE TRIGGER one AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
    ALTER TABLE orders ADD CONSTRAINT old CHECK (total > 0) NOT VALID";

/// A catalog without the order in which things were made.
fn sorted(mut catalog: Catalog) -> Catalog {
    for relation in catalog.relations.values_mut() {
        relation.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        relation.constraints.sort_by(|a, b| a.name.cmp(&b.name));
        relation.columns.sort_by(|a, b| a.name.cmp(&b.name));
    }
    catalog
}

#[tokio::test]
async fn a_plan_gives_the_schema_that_the_statements_give() {
    for major in majors() {
        for text in MIGRATIONS.into_iter().chain(NAMED_BEFORE) {
            let planned = Database::with(major, SETUP).await;
            let plan = planned.plan(text).await;
            runner::run(&planned, &plan).await;
            let plain = Database::with(major, SETUP).await;
            for statement in changeover_plan::sql::split(text).unwrap() {
                plain.run(&statement.text).await;
            }
            let (planned, plain) = (sorted(planned.catalog().await), sorted(plain.catalog().await));
            for (name, relation) in plain.relations.iter() {
                assert_eq!(
                    planned.relations.get(name),
                    Some(relation),
                    "PostgreSQL {major}: {text}"
                );
            }
            assert_eq!(planned.relations.len(), plain.relations.len(), "{text}");
        }
    }
}
