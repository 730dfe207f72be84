//! The locks that the planner states hold on a real server, for each form of statement, on three majors.

use crate::shop;
use changeover_verify::lock_trace;

/// Name and migration.
const FORMS: &[(&str, &str)] = &[
    ("add column", "ALTER TABLE orders ADD COLUMN extra text"),
    (
        "add column with constant default",
        "ALTER TABLE orders ADD COLUMN extra integer NOT NULL DEFAULT 7",
    ),
    (
        "add column with volatile default",
        "ALTER TABLE orders ADD COLUMN extra uuid DEFAULT gen_random_uuid()",
    ),
    (
        "add column that refers",
        "ALTER TABLE notes ADD COLUMN customer_id bigint REFERENCES customers (id)",
    ),
    ("add column to a partitioned table", "ALTER TABLE events ADD COLUMN extra text"),
    ("create index", "CREATE INDEX orders_customer ON orders (customer_id)"),
    (
        "create partial expression index",
        "CREATE INDEX customers_lower ON customers (lower(email)) WHERE email IS NOT NULL",
    ),
    ("create index on a partitioned table", "CREATE INDEX events_day ON events (day)"),
    (
        "create unique index",
        "-- changeover: old-complies because \"release 1 makes them unique\"\n\
         CREATE UNIQUE INDEX customers_email ON customers (email)",
    ),
    (
        "add unique constraint",
        "-- changeover: old-complies because \"release 1 makes them unique\"\n\
         ALTER TABLE customers ADD CONSTRAINT customers_email UNIQUE (email)",
    ),
    (
        "add foreign key",
        "-- changeover: old-complies because \"release 1 looks first\"\n\
         ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)",
    ),
    (
        "add check",
        "-- changeover: old-complies because \"release 1 never writes less\"\n\
         ALTER TABLE orders ADD CONSTRAINT orders_positive CHECK (customer_id > 0)",
    ),
    (
        "add check in the contract phase",
        "ALTER TABLE orders ADD CONSTRAINT orders_positive CHECK (customer_id > 0)",
    ),
    (
        "set not null",
        "-- changeover: old-complies because \"release 1 always writes it\"\n\
         ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
    ),
    ("drop not null", "ALTER TABLE customers ALTER COLUMN name DROP NOT NULL"),
    ("set default", "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'none'"),
    ("drop column", "ALTER TABLE orders DROP COLUMN note"),
    ("drop column with an index", "ALTER TABLE orders DROP COLUMN legacy"),
    ("drop identity column", "ALTER TABLE orders DROP COLUMN number"),
    ("drop column of a partitioned table", "ALTER TABLE events DROP COLUMN body"),
    ("drop table that refers", "DROP TABLE notes"),
    ("drop partitioned table", "DROP TABLE events"),
    ("drop index", "DROP INDEX orders_legacy"),
    ("drop index of a partitioned table", "DROP INDEX events_body"),
    ("drop check", "ALTER TABLE orders DROP CONSTRAINT orders_note_short"),
    ("drop foreign key", "ALTER TABLE notes DROP CONSTRAINT notes_order_id_fkey"),
    ("drop view", "DROP VIEW customer_names"),
    ("drop materialised view", "DROP MATERIALIZED VIEW customer_count"),
    ("drop sequence", "DROP SEQUENCE ticket_numbers"),
    (
        "create trigger",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n\
         CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()",
    ),
    (
        "create view",
        "CREATE VIEW all_orders AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id",
    ),
    (
        "create table that refers",
        "CREATE TABLE refunds (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders (id));\n\
         CREATE INDEX refunds_order ON refunds (order_id)",
    ),
    (
        "create partition",
        "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    ),
    (
        "update the whole table",
        "ALTER TABLE orders ADD COLUMN total bigint;\n\
         UPDATE orders SET total = (payload ->> 'total')::bigint",
    ),
    (
        "update a whole partitioned table, not null",
        "ALTER TABLE events ADD COLUMN title text;\n\
         UPDATE events SET title = coalesce(upper(body), '');\n\
         ALTER TABLE events ALTER COLUMN title SET NOT NULL",
    ),
    ("add enum value", "ALTER TYPE mood ADD VALUE 'angry'"),
    (
        "widen a type",
        "-- changeover: allow=type-change because \"release 1 prepares nothing\"\n\
         ALTER TABLE orders ALTER COLUMN short_note TYPE varchar(20)",
    ),
    ("comment", "COMMENT ON TABLE orders IS 'what was ordered'"),
    ("grant", "GRANT SELECT ON orders TO shop_service"),
];

/// Plans, runs and traces every form; all that is wrong is told at once.
async fn all_forms(major: u16) {
    let mut wrong = Vec::new();
    let mut blinks = 0;
    for (name, sql) in FORMS {
        let (_stage, trial) = shop::trial(major, &format!("{sql};\n")).await;
        match lock_trace::trace(&trial).await {
            Err(error) => wrong.push(format!("{name}: {}", changeover::chain(&error))),
            Ok(trace) => {
                blinks += trace
                    .steps
                    .iter()
                    .flat_map(|step| &step.observed)
                    .filter(|lock| lock.mode.blocks_service())
                    .count();
                if trace.steps.is_empty() || !trace.findings().is_empty() {
                    wrong.push(format!("{name}:\n{trace}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "on {major}:\n{}", wrong.join("\n"));
    // Some twenty forms cannot do without such a lock; seeing none would mean not having looked.
    assert!(blinks >= 20, "only {blinks} locks that block were seen");
}

#[tokio::test]
async fn stated_locks_hold_on_13() {
    all_forms(13).await;
}

#[tokio::test]
async fn stated_locks_hold_on_15() {
    all_forms(15).await;
}

#[tokio::test]
async fn stated_locks_hold_on_18() {
    all_forms(18).await;
}
