//! Tables, views, functions, types and the rest; and what is refused as a whole.

use super::{ORDERS, planned, rules, show};

const ADDS: &str = "create schema if not exists s;
        create extension if not exists pgcrypto;
        create type mood as enum ('a', 'b');
        create sequence s.numbers;
        create function double(a int) returns int language sql immutable as 'select a * 2';
        create table notes (id bigserial primary key, order_id bigint references orders, mood mood, at timestamptz default now());
        create index concurrently on notes (order_id);
        insert into notes (mood) values ('a');
        update notes set at = now();
        alter table notes add column x int not null;
        alter table orders add column doubled int;
        update orders set doubled = double(total);
        create view v as select doubled from orders;
        create trigger t before insert on orders for each row execute function f();
        comment on column orders.doubled is 'x';
        grant select on v to public;
        insert into customers values (1), (2) on conflict do nothing;
        alter type mood add value 'c'";

#[test]
fn what_only_adds_is_expand() {
    insta::assert_snapshot!(show(&planned(ORDERS, ADDS)), @r#"
    expand 0002.1.create: create schema
      create schema if not exists s
    expand 0002.2.create: create extension pgcrypto
      create extension if not exists pgcrypto
    expand 0002.3.create_type: create type mood
      create type mood as enum ('a', 'b')
    expand 0002.4.create: create sequence s.numbers
      create sequence s.numbers
    expand 0002.5.create_function: create function double
      create function double(a int) returns int language sql immutable as 'select a * 2'
    expand 0002.6.create_table: create table notes
      lock orders SHARE ROW EXCLUSIVE (blink)
      create table notes (id bigserial primary key, order_id bigint references orders, mood mood, at timestamptz default now()…
    expand 0002.7.create_index: create index notes_order_id_idx needs 0002.6.create_table
      lock notes SHARE (blink)
      CREATE INDEX "notes_order_id_idx" ON "public"."notes" (order_id)
    expand 0002.8.insert: insert rows into notes needs 0002.6.create_table
      lock notes ROW EXCLUSIVE (blink)
      lock orders ROW SHARE (blink)
      insert into notes (mood) values ('a')
    expand 0002.9.inline: run as written on notes, which is new needs 0002.6.create_table
      lock notes ROW EXCLUSIVE (blink)
      update notes set at = now()
    expand 0002.10.alter: alter notes, which is new needs 0002.6.create_table
      lock notes ACCESS EXCLUSIVE (blink)
      alter table notes add column x int not null
    expand 0002.11.add_column: add column orders.doubled
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "doubled" int
    expand 0002.12.sync: keep orders.doubled right for every writer needs 0002.11.add_column
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_012" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    expand 0002.13.create_view: create view v needs 0002.11.add_column
      lock orders ACCESS SHARE (blink)
      create view v as select doubled from orders
    expand 0002.14.create_trigger: create trigger t on orders
      lock orders SHARE ROW EXCLUSIVE (blink)
      create trigger t before insert on orders for each row execute function f()
    expand 0002.15.comment: comment needs 0002.11.add_column
      lock orders SHARE UPDATE EXCLUSIVE (blink)
      comment on column orders.doubled is 'x'
    expand 0002.16.privileges: grant privileges
      grant select on v to public
    expand 0002.17.insert: insert rows into customers
      lock customers ROW EXCLUSIVE (blink)
      insert into customers values (1), (2) on conflict do nothing
    expand 0002.18.enum_value: add a value to mood needs 0002.3.create_type
      alter type mood add value 'c'
    online 0002.12.backfill: backfill orders.doubled needs 0002.11.add_column 0002.12.sync
      lock orders ROW EXCLUSIVE (batch)
      set "doubled" = (double("total")) where true and ("doubled") IS DISTINCT FROM (CAST((double("total")) AS integer))
    online 0002.12.check: check that no row of orders.doubled differs needs 0002.12.backfill
      lock orders ACCESS SHARE (batch)
    contract 0002.12.sync_drop floor=2: remove the trigger that kept orders.doubled right needs 0002.12.check 0002.12.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_012" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.12.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.12.safe"(integer)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.12.overridden"
    "#);
}

#[test]
fn new_tables_may_be_renamed() {
    let text = "create table notes (id int constraint k primary key, o bigint);
        alter table notes rename constraint k to kk;
        alter index kk rename to kkk;
        alter table notes rename column o to order_id;
        alter table notes rename to remarks;
        create table more (id int references remarks);
        create index on remarks (order_id)";
    insta::assert_snapshot!(show(&planned(ORDERS, text)), @r#"
    expand 0002.1.create_table: create table notes
      create table notes (id int constraint k primary key, o bigint)
    expand 0002.2.alter: alter notes, which is new needs 0002.1.create_table
      lock notes ACCESS EXCLUSIVE (blink)
      alter table notes rename constraint k to kk
    expand 0002.3.inline: run as written on notes, which is new needs 0002.1.create_table
      alter index kk rename to kkk
    expand 0002.4.alter: alter notes, which is new needs 0002.1.create_table
      lock notes ACCESS EXCLUSIVE (blink)
      alter table notes rename column o to order_id
    expand 0002.5.alter: alter notes, which is new needs 0002.1.create_table
      lock notes ACCESS EXCLUSIVE (blink)
      alter table notes rename to remarks
    expand 0002.6.create_table: create table more needs 0002.3.inline 0002.5.alter
      lock remarks SHARE ROW EXCLUSIVE (blink)
      create table more (id int references remarks)
    expand 0002.7.create_index: create index remarks_order_id_idx needs 0002.5.alter
      lock remarks SHARE (blink)
      CREATE INDEX "remarks_order_id_idx" ON "public"."remarks" (order_id)
    "#);
}

#[test]
fn what_removes_is_contract() {
    let setup = "create table a (id int primary key); create table b (id int primary key references a);
        create view v as select id from b; create type ty as enum ('x'); create function g() returns int language sql as 'select 1'";
    let text = "drop view v; drop table b, a; drop type ty; drop function g; revoke select on a from public; drop table if exists zzz";
    insta::assert_snapshot!(show(&planned(setup, text)), @r#"
    expand 0002.6.nothing: nothing to do: there is no table zzz
    contract 0002.1.drop floor=2: drop view v
      lock v ACCESS EXCLUSIVE (blink)
      DROP VIEW "public"."v"
    contract 0002.2.drop floor=2: drop table b
      lock a ACCESS EXCLUSIVE (blink)
      lock b ACCESS EXCLUSIVE (blink)
      DROP TABLE "public"."b"
    contract 0002.2.drop_2 floor=2: drop table a
      lock a ACCESS EXCLUSIVE (blink)
      DROP TABLE "public"."a"
    contract 0002.3.drop floor=2: drop type ty
      drop type ty
    contract 0002.4.drop floor=2: drop function g
      drop function g
    contract 0002.5.privileges floor=2: revoke privileges
      revoke select on a from public
    "#);
}

#[test]
fn statements_that_are_refused_as_they_are() {
    let refused = [
        "select 1 from",
        "set lock_timeout = '1s'",
        "select set_config('a', 'b', false)",
        "select pg_sleep(1)",
        "do $$ begin end $$",
        "truncate orders",
        "delete from orders",
        "insert into orders select * from orders",
        "insert into customers values (1) on conflict (id) do update set id = 2",
        "drop schema public",
        "drop table customers cascade",
        "drop table nothing",
        "create temp table t (a int)",
        "create table orders (id int)",
        "create table x as select 1",
        "create rule r as on insert to orders do nothing",
        "create policy p on orders using (true)",
        "create materialized view m as select * from orders",
        "create or replace function lower(text) returns text language sql as 'select 1'",
        "create trigger zzzz_changeover_z before update on orders for each row execute function f()",
        "alter index orders_pkey rename to x",
        "alter type nothing rename to something",
        "alter table nothing add column a int",
        "alter system set x = 1",
        "vacuum",
        "cluster orders",
        "rollback",
        "lock table orders",
        "reindex table orders",
        "refresh materialized view x",
        "-- changeover: fase=online\nselect 1",
        "create index on orders (total); -- changeover: before-serving",
    ]
    .map(|text| format!("{}: {}", rules(&planned(ORDERS, text)).join(" "), text.replace('\n', " ")));
    insta::assert_snapshot!(refused.join("\n"), @r"
    syntax-error: select 1 from
    setting: set lock_timeout = '1s'
    setting: select set_config('a', 'b', false)
    query: select pg_sleep(1)
    do-block: do $$ begin end $$
    removes-rows: truncate orders
    removes-rows: delete from orders
    copies-rows: insert into orders select * from orders
    changes-rows: insert into customers values (1) on conflict (id) do update set id = 2
    drop-schema: drop schema public
    cascade: drop table customers cascade
    unknown-relation: drop table nothing
    temporary: create temp table t (a int)
    exists: create table orders (id int)
    not-understood: create table x as select 1
    not-understood: create rule r as on insert to orders do nothing
    row-security: create policy p on orders using (true)
    materialized-view-fill: create materialized view m as select * from orders
    replaces-function: create or replace function lower(text) returns text language sql as 'select 1'
    trigger-sorts-last: create trigger zzzz_changeover_z before update on orders for each row execute function f()
    rename: alter index orders_pkey rename to x
    rename: alter type nothing rename to something
    unknown-relation: alter table nothing add column a int
    not-understood: alter system set x = 1
    not-understood: vacuum
    not-understood: cluster orders
    transaction-control: rollback
    not-understood: lock table orders
    not-understood: reindex table orders
    not-understood: refresh materialized view x
    directive: -- changeover: fase=online select 1
    directive: create index on orders (total); -- changeover: before-serving
    ");
}

#[test]
fn a_syntax_error_says_its_own_line() {
    let plan = planned(
        ORDERS,
        "create index on orders (total);\n\nalter table orders\n  add column a intt text,\n  bad bad bad;",
    );
    insta::assert_snapshot!(show(&plan), @r#"
    online 0002.1.index: build index orders_total_idx on orders
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_total_idx" on "public"."orders" (total)
    REFUSED syntax-error line 4: alter table orders add column a intt text, bad bad bad
      why: the statement cannot be parsed: expected command, found TEXT_KW
      instead: correct it; `psql` says what the server makes of it
    "#);
}

#[test]
fn an_unclosed_quote_refuses_the_file() {
    let plan = planned(ORDERS, "create index on orders (total);\ninsert into orders values ('a);");
    insta::assert_snapshot!(show(&plan), @r"
    REFUSED unterminated line 2: 
      why: Missing trailing `'` symbol to terminate the string literal
      instead: close the quote or comment that begins on this line
    ");
}

#[test]
fn permissions_without_effect_are_refused() {
    let because = "because \"of that\"";
    let refused = |directive: &str, statement: &str| {
        let plan = planned(ORDERS, &format!("-- changeover: {directive} {because}\n{statement};"));
        rules(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let add = "alter table orders add column x int";
    assert_eq!(refused("allow=everything", add), ["directive"]);
    assert_eq!(refused("allow=no-primary-key", add), ["directive"]);
    assert_eq!(refused("old-complies", add), ["directive"]);
    assert_eq!(refused("user-triggers=fire", add), ["directive"]);
    let unique = "create unique index u on orders (total)";
    assert_eq!(refused("old-complies", unique), Vec::<String>::new());
}

#[test]
fn what_only_a_stop_helps_against_says_so() {
    let remedy = |setup: &str, update: &str| {
        let plan = planned(setup, &format!("alter table t add column n int; {update}"));
        plan.refusals[0].remedy.clone()
    };
    let no_key = remedy("create table t (a int)", "update t set n = a");
    let trigger = "create table t (id int primary key, a int); create function f() returns trigger \
        language plpgsql as 'begin return new; end';";
    let fires =
        format!("{trigger} create trigger b before update on t for each row execute function f()");
    let fires = remedy(&fires, "update t set n = a");
    for remedy in [no_key, fires] {
        assert!(remedy.contains("--at-once"), "{remedy}");
    }
}
