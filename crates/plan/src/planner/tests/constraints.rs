//! Constraints and indexes.

use super::{ORDERS, planned, rules, show};

fn all(texts: &[&str]) -> String {
    texts.iter().map(|text| show(&planned(ORDERS, text))).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn indexes() {
    insta::assert_snapshot!(all(&[
        "create index on orders using hash (status)",
        "create index concurrently if not exists i on orders (lower(status) desc, total) include (nick) where total > 1",
        "create index on orders (lower(status), (total + 1), (payload->>'a')); create index on orders (total); create index on orders (total)",
        "create unique index u on orders (status)",
        "-- changeover: old-complies because \"it is an uuid\", before-serving\ncreate unique index u on orders (status)",
        "create index i on orders (total); drop index if exists i; drop index if exists gone",
    ]), @r#"
    online 0002.1.index: build index orders_status_idx on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_status_idx" on "public"."orders" using hash (status)

    online 0002.1.index: build index i on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "i" on "public"."orders" (lower(status) desc, total) include (nick) where total > 1

    online 0002.2.index: build index orders_total_idx on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_total_idx" on "public"."orders" (total)
    online 0002.3.index: build index orders_total_idx1 on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_total_idx1" on "public"."orders" (total)
    contract 0002.1.index floor=2: build index orders_lower_expr_expr1_idx on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_lower_expr_expr1_idx" on "public"."orders" (lower(status), (total + 1), (payload->>'a'))

    contract 0002.1.index floor=2: build unique index u on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "u" on "public"."orders" (status)

    online 0002.1.index before-serving: build unique index u on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "u" on "public"."orders" (status)

    expand 0002.3.nothing: nothing to do: there is no index gone
    online 0002.1.index: build index i on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "i" on "public"."orders" (total)
    contract 0002.2.drop_index floor=2: drop index i needs 0002.1.index
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      drop index "public"."i"
    "#);
}

#[test]
fn constraints() {
    insta::assert_snapshot!(all(&[
        "alter table orders add check (total >= 0)",
        "alter table orders add constraint fk foreign key (customer_id) references customers (id) on delete cascade not valid; \
         alter table orders validate constraint fk",
        "-- changeover: old-complies because \"x\"\nalter table orders add foreign key (customer_id) references customers",
        "alter table orders add constraint u unique (status, total) deferrable",
        "alter table customers drop constraint customers_pkey",
        "alter table orders add constraint c check (total > 0) not valid; alter table orders drop constraint c",
    ]), @r#"
    contract 0002.1.constraint floor=2: reject what breaks orders_total_check of orders from now on
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_total_check" CHECK (total >= 0) NOT VALID
    contract 0002.1.validate floor=2: check that no row of orders breaks orders_total_check needs 0002.1.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_total_check"

    contract 0002.1.constraint floor=2: reject what breaks fk of orders from now on
      lock customers SHARE ROW EXCLUSIVE (blink)
      lock orders SHARE ROW EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "fk" FOREIGN KEY ("customer_id") REFERENCES "public"."customers" ("id") on …
    contract 0002.2.validate floor=2: check that no row of orders breaks fk needs 0002.1.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      lock customers ROW SHARE (whole step)
      validate "fk"

    online 0002.1.constraint: reject what breaks orders_customer_id_fkey of orders from now on
      lock customers SHARE ROW EXCLUSIVE (blink)
      lock orders SHARE ROW EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "public"."…
    online 0002.1.validate: check that no row of orders breaks orders_customer_id_fkey needs 0002.1.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      lock customers ROW SHARE (whole step)
      validate "orders_customer_id_fkey"

    contract 0002.1.index floor=2: build unique index u on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "u" on "public"."orders" USING btree ("status", "total")
    contract 0002.1.constraint floor=2: make it the constraint u of orders needs 0002.1.index
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "u" UNIQUE USING INDEX "u" deferrable

    contract 0002.1.drop_constraint floor=2: drop constraint customers_pkey of customers
      lock customers ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."customers" DROP CONSTRAINT "customers_pkey"

    contract 0002.1.constraint floor=2: reject what breaks c of orders from now on
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "c" CHECK (total > 0) NOT VALID
    contract 0002.2.drop_constraint floor=2: drop constraint c of orders needs 0002.1.constraint
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" DROP CONSTRAINT "c"
    "#);
}

#[test]
fn refused_constraints() {
    let refused = [
        "alter table orders add primary key (total)",
        "alter table orders add exclude using gist (total with =)",
        "alter table orders add constraint x foreign key (customer_id) references nowhere",
        "alter table orders add constraint orders_pkey check (total > 0)",
        "alter table orders drop constraint nothing",
        "alter table orders validate constraint nothing",
        "drop index orders_pkey",
        "drop index nothing",
        "create index orders_pkey on orders (total)",
        "create index on orders (nothing)",
        "create unique index u on orders (status); drop index u; create index u on orders (total)",
    ]
    .map(|text| format!("{}: {text}", rules(&planned(ORDERS, text)).join(" ")));
    insta::assert_snapshot!(refused.join("\n"), @r"
    primary-key-nullable: alter table orders add primary key (total)
    exclusion-constraint: alter table orders add exclude using gist (total with =)
    unknown-relation: alter table orders add constraint x foreign key (customer_id) references nowhere
    exists: alter table orders add constraint orders_pkey check (total > 0)
    unknown-constraint: alter table orders drop constraint nothing
    unknown-constraint: alter table orders validate constraint nothing
    index-of-constraint: drop index orders_pkey
    unknown-relation: drop index nothing
    exists: create index orders_pkey on orders (total)
    unknown-column: create index on orders (nothing)
    stop-between: create unique index u on orders (status); drop index u; create index u on orders (total)
    ");
}

#[test]
fn partitioned_tables() {
    let setup = "create table orders (id bigint, k int, total int, primary key (id, k)) partition by list (k);
        create table orders_1 partition of orders for values in (1)";
    let text = "alter table orders add column n int;
        update orders set n = total;
        create index on orders (n);
        create table orders_2 partition of orders for values in (2);
        alter table orders add check (total > 0);
        alter table orders add unique (id, k, total);
        create table other (id int primary key);
        alter table orders add foreign key (total) references other;
        drop index orders_n_idx";
    insta::assert_snapshot!(show(&planned(setup, text)), @r#"
    expand 0002.1.add_column: add column orders.n
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "n" int
    expand 0002.2.sync: keep orders.n right for every writer needs 0002.1.add_column
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_002" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    expand 0002.4.create_table: create table orders_2
      lock orders ACCESS EXCLUSIVE (blink)
      create table orders_2 partition of orders for values in (2)
    expand 0002.7.create_table: create table other
      create table other (id int primary key)
    online 0002.2.backfill: backfill orders.n needs 0002.1.add_column 0002.2.sync
      lock orders ROW EXCLUSIVE (batch)
      set "n" = ("total") where true and ("n") IS DISTINCT FROM (CAST(("total") AS integer))
    online 0002.2.check: check that no row of orders.n differs needs 0002.2.backfill
      lock orders ACCESS SHARE (batch)
    online 0002.3.index: build index orders_n_idx on orders needs 0002.1.add_column
      lock orders SHARE (blink)
      lock orders_1 SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_n_idx" on "public"."orders" (n)
    contract 0002.2.sync_drop floor=2: remove the trigger that kept orders.n right needs 0002.2.check 0002.2.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_002" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.safe"(integer)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.2.overridden"
    contract 0002.5.constraint floor=2: reject what breaks orders_total_check of orders from now on
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_total_check" CHECK (total > 0) NOT VALID
    contract 0002.5.validate floor=2: check that no row of orders breaks orders_total_check needs 0002.5.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_total_check"
    contract 0002.9.drop_index floor=2: drop index orders_n_idx needs 0002.3.index
      lock orders ACCESS EXCLUSIVE (blink)
      drop index "public"."orders_n_idx"
    REFUSED partitioned-key line 6: alter table orders add unique (id, k, total)
      why: a key of a partitioned table cannot take over an index that was built concurrently
      instead: write CREATE UNIQUE INDEX instead: it is built part by part and serves as well
    REFUSED partitioned-foreign-key line 8: alter table orders add foreign key (total) references other
      why: before PostgreSQL 18 a foreign key of a partitioned table cannot be NOT VALID
      instead: add the foreign key to each part by itself, in statements of their own
    "#);
}
