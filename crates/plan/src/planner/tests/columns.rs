//! `ADD COLUMN`, `ALTER COLUMN`, `DROP COLUMN`.

use super::{ORDERS, catalog, planned, planned_on, rules, show};

fn all(texts: &[&str]) -> String {
    texts.iter().map(|text| show(&planned(ORDERS, text))).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn add_column() {
    insta::assert_snapshot!(all(&[
        "alter table orders add a text, add column b int not null default 3",
        "alter table orders add column if not exists total int",
        "alter table orders add column k uuid not null default gen_random_uuid()",
        "alter table orders add column c bigint references customers on delete cascade",
        "alter table orders add column d timestamptz default now() check (d > '2020-01-01')",
    ]), @r#"
    expand 0002.1.add_column: add column orders.a, add column orders.b
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "a" text
      ALTER TABLE "public"."orders" ADD COLUMN "b" int DEFAULT 3 NOT NULL

    expand 0002.1.nothing: nothing to do: column orders.total is there already

    expand 0002.1.add_column: add column orders.k
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "k" uuid
      ALTER TABLE "public"."orders" ALTER COLUMN "k" SET DEFAULT gen_random_uuid()
    online 0002.1.backfill: backfill orders.k with its default needs 0002.1.add_column
      lock orders ROW EXCLUSIVE (batch)
      set "k" = (gen_random_uuid()) where true and "k" IS NULL
    online 0002.1.check: check that no row lacks orders.k needs 0002.1.backfill
      lock orders ACCESS SHARE (batch)
    online 0002.1.not_null_check: reject NULL in orders.k from now on needs 0002.1.add_column 0002.1.check
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_k_not_null_check" CHECK ("k" IS NOT NULL) NOT VALID
    online 0002.1.not_null_validate: check that no row of orders.k is NULL needs 0002.1.not_null_check
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_k_not_null_check"
    online 0002.1.set_not_null: set orders.k NOT NULL needs 0002.1.add_column 0002.1.not_null_validate
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "k" SET NOT NULL
      ALTER TABLE "public"."orders" DROP CONSTRAINT IF EXISTS "orders_k_not_null_check"

    expand 0002.1.add_column: add column orders.c
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "c" bigint
    contract 0002.1.constraint floor=2: reject what breaks orders_c_fkey of orders from now on needs 0002.1.add_column
      lock customers SHARE ROW EXCLUSIVE (blink)
      lock orders SHARE ROW EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_c_fkey" FOREIGN KEY ("c") REFERENCES "public"."customers" on delete…
    contract 0002.1.validate floor=2: check that no row of orders breaks orders_c_fkey needs 0002.1.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      lock customers ROW SHARE (whole step)
      validate "orders_c_fkey"

    expand 0002.1.add_column: add column orders.d
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "d" timestamptz DEFAULT now()
    contract 0002.1.constraint floor=2: reject what breaks orders_d_check of orders from now on needs 0002.1.add_column
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_d_check" CHECK (d > '2020-01-01') NOT VALID
    contract 0002.1.validate floor=2: check that no row of orders breaks orders_d_check needs 0002.1.constraint
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_d_check"
    "#);
}

#[test]
fn columns_that_would_rewrite_or_break_are_refused() {
    let refused = [
        "alter table orders add column a text not null",
        "alter table orders add column a serial",
        "alter table orders add column a bigint generated always as identity",
        "alter table orders add column a int generated always as (total + 1) stored",
        "alter table orders add column a int primary key",
        "alter table orders add column total int",
        "alter table orders alter column total type bigint",
        "alter table orders alter column nick type varchar(30)",
        "alter table orders alter column nick type varchar(10)",
        "alter table orders rename column total to sum",
        "alter table orders rename to purchases",
        "alter table orders drop column id",
        "alter table orders add column n text; update orders set n = legacy; alter table orders drop column legacy",
        "alter table orders drop column legacy cascade",
        "alter table orders drop column nothing",
        "alter table orders alter column nothing set not null",
        "alter table orders cluster on orders_pkey",
        "alter table orders inherit customers",
        "alter table orders enable row level security",
        "alter table orders disable trigger all",
        "alter table orders drop column total; alter table orders add column total bigint",
        "-- changeover: phase=expand\nalter table orders drop column total",
    ]
    .map(|text| {
        let plan = planned(ORDERS, text);
        format!("{}: {text}", rules(&plan).join(" "))
    });
    insta::assert_snapshot!(refused.join("\n"), @r"
    not-null-without-default: alter table orders add column a text not null
    rewrites-table: alter table orders add column a serial
    rewrites-table: alter table orders add column a bigint generated always as identity
    rewrites-table: alter table orders add column a int generated always as (total + 1) stored
    add-primary-key-column: alter table orders add column a int primary key
    exists: alter table orders add column total int
    rewrites-table: alter table orders alter column total type bigint
    type-change: alter table orders alter column nick type varchar(30)
    rewrites-table: alter table orders alter column nick type varchar(10)
    rename: alter table orders rename column total to sum
    rename: alter table orders rename to purchases
    drop-key-column: alter table orders drop column id
    drops-source: alter table orders add column n text; update orders set n = legacy; alter table orders drop column legacy
    cascade: alter table orders drop column legacy cascade
    unknown-column: alter table orders drop column nothing
    unknown-column: alter table orders alter column nothing set not null
    not-understood: alter table orders cluster on orders_pkey
    not-understood: alter table orders inherit customers
    row-security: alter table orders enable row level security
    not-understood: alter table orders disable trigger all
    stop-between: alter table orders drop column total; alter table orders add column total bigint
    phase-too-early: -- changeover: phase=expand
    alter table orders drop column total
    ");
}

#[test]
fn a_rename_says_what_to_write_instead() {
    let plan = planned(ORDERS, "alter table orders rename column total to sum");
    insta::assert_snapshot!(show(&plan), @r"
    REFUSED rename line 1: alter table orders rename column total to sum
      why: releases that serve know orders.total by that name
      instead: write: ALTER TABLE orders ADD COLUMN sum integer; UPDATE orders SET sum = total; and in a later migration, once no release uses total: ALTER TABLE orders DROP COLUMN total
    ");
}

#[test]
fn set_not_null() {
    insta::assert_snapshot!(all(&[
        "alter table orders alter column total set not null",
        "-- changeover: old-complies because \"4.8 always writes it\"\n\
         alter table orders alter column total set not null",
        "alter table orders add column n int; update orders set n = coalesce(total, 0);
         alter table orders alter column n set not null",
    ]), @r#"
    contract 0002.1.not_null_check floor=2: reject NULL in orders.total from now on
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_total_not_null_check" CHECK ("total" IS NOT NULL) NOT VALID
    contract 0002.1.not_null_validate floor=2: check that no row of orders.total is NULL needs 0002.1.not_null_check
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_total_not_null_check"
    contract 0002.1.set_not_null floor=2: set orders.total NOT NULL needs 0002.1.not_null_validate
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "total" SET NOT NULL
      ALTER TABLE "public"."orders" DROP CONSTRAINT IF EXISTS "orders_total_not_null_check"

    online 0002.1.not_null_check: reject NULL in orders.total from now on
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_total_not_null_check" CHECK ("total" IS NOT NULL) NOT VALID
    online 0002.1.not_null_validate: check that no row of orders.total is NULL needs 0002.1.not_null_check
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_total_not_null_check"
    online 0002.1.set_not_null: set orders.total NOT NULL needs 0002.1.not_null_validate
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "total" SET NOT NULL
      ALTER TABLE "public"."orders" DROP CONSTRAINT IF EXISTS "orders_total_not_null_check"

    expand 0002.1.add_column: add column orders.n
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "n" int
    expand 0002.2.sync: keep orders.n right for every writer needs 0002.1.add_column
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_002" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    online 0002.2.backfill: backfill orders.n needs 0002.1.add_column 0002.2.sync
      lock orders ROW EXCLUSIVE (batch)
      set "n" = (coalesce("total", 0)) where true and ("n") IS DISTINCT FROM (CAST((coalesce("total", 0)) AS integer))
    online 0002.2.check: check that no row of orders.n differs needs 0002.2.backfill
      lock orders ACCESS SHARE (batch)
    online 0002.3.not_null_check: reject NULL in orders.n from now on needs 0002.1.add_column 0002.2.check
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_n_not_null_check" CHECK ("n" IS NOT NULL) NOT VALID
    online 0002.3.not_null_validate: check that no row of orders.n is NULL needs 0002.3.not_null_check
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_n_not_null_check"
    online 0002.3.set_not_null: set orders.n NOT NULL needs 0002.1.add_column 0002.3.not_null_validate
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "n" SET NOT NULL
      ALTER TABLE "public"."orders" DROP CONSTRAINT IF EXISTS "orders_n_not_null_check"
    contract 0002.2.sync_drop floor=2: remove the trigger that kept orders.n right needs 0002.2.check 0002.2.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_002" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.safe"(integer)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.2.overridden"
    "#);
}

#[test]
fn alter_column() {
    insta::assert_snapshot!(all(&[
        "alter table orders alter total set default 1, alter legacy drop not null, alter legacy set statistics 500",
        "alter table orders alter total drop default",
        "-- changeover: allow=type-change because \"nobody prepares\"\nalter table orders alter nick type text",
    ]), @r#"
    expand 0002.1.alter_column: alter orders.total: set default 1, alter orders.legacy: drop not null, alter orders: alter legacy set statistics 500
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "total" SET DEFAULT 1
      ALTER TABLE "public"."orders" ALTER COLUMN "legacy" DROP NOT NULL
      ALTER TABLE "public"."orders" alter legacy set statistics 500

    expand 0002.1.alter_column: alter orders.total: drop default
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "total" DROP DEFAULT

    expand 0002.1.column_type: widen orders.nick from character varying(20) to text
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "nick" TYPE text
    "#);
}

#[test]
fn drop_column() {
    insta::assert_snapshot!(all(&[
        "-- changeover: unused-since=1\nalter table orders drop column if exists legacy",
        "alter table orders drop column if exists nothing",
    ]), @r#"
    expand 0002.1.loosen: let orders.legacy be left out
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "legacy" DROP NOT NULL
    contract 0002.1.drop_column floor=1: drop column orders.legacy
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" DROP COLUMN "legacy"

    expand 0002.1.nothing: nothing to do: there is no column orders.nothing
    "#);
}

#[test]
fn steps_of_earlier_plans_are_waited_for() {
    let catalog = catalog(ORDERS);
    let first = planned_on(
        &catalog,
        &["alter table orders add column n text; update orders set n = legacy; \
           alter table orders drop column nick"],
        &[],
    );
    let mut now = catalog.clone();
    let orders = crate::QualifiedName::new("public", "orders");
    let total = now.relation(&orders).unwrap().columns[3].clone();
    let n = crate::catalog::Column { name: "n".into(), type_sql: "text".to_owned(), ..total };
    now.relation_mut(&orders).unwrap().columns.push(n);
    let pending: Vec<_> =
        first.steps.into_iter().filter(|step| step.phase != crate::Phase::Expand).collect();
    let text = "create index on orders (n);
        alter table orders alter column n set not null;
        alter table orders drop column legacy;
        alter table orders add column nick int";
    // The second migration's number is taken by the first plan here; ids of needs tell them apart.
    let plan = planned_on(&now, &["select_nothing", text], &pending);
    insta::assert_snapshot!(show(&plan), @r#"
    expand 0003.3.loosen: let orders.legacy be left out
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "legacy" DROP NOT NULL
    online 0003.1.index: build index orders_n_idx on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_n_idx" on "public"."orders" (n)
    contract 0003.2.not_null_check floor=3: reject NULL in orders.n from now on needs 0002.2.check
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD CONSTRAINT "orders_n_not_null_check" CHECK ("n" IS NOT NULL) NOT VALID
    contract 0003.2.not_null_validate floor=3: check that no row of orders.n is NULL needs 0003.2.not_null_check
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      validate "orders_n_not_null_check"
    contract 0003.2.set_not_null floor=3: set orders.n NOT NULL needs 0003.2.not_null_validate
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "n" SET NOT NULL
      ALTER TABLE "public"."orders" DROP CONSTRAINT IF EXISTS "orders_n_not_null_check"
    contract 0003.3.drop_column floor=3: drop column orders.legacy needs 0002.2.sync_drop
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" DROP COLUMN "legacy"
    REFUSED syntax-error line 1: select_nothing
      why: the statement cannot be parsed: expected command, found IDENT
      instead: correct it; `psql` says what the server makes of it
    REFUSED stop-between line 4: alter table orders add column nick int
      why: column orders.nick is dropped by step 0002.3.drop_column only once no older release needs it, but is created again before that
      instead: give the new one another name, or stop at the release with migration 0002 until its contract steps are done, and upgrade from there
    "#);
}
