//! `UPDATE` of a whole table.

use super::{ORDERS, catalog, planned, planned_on, rules, show};
use crate::{
    catalog::{RowSecurity, Trigger},
    model::step::StepKind,
};

const PROMOTE: &str = "ALTER TABLE orders ADD COLUMN started timestamptz;
    UPDATE orders SET started = to_timestamp((payload->>'start')::float8);
    CREATE INDEX ON orders (started);
    ALTER TABLE orders DROP COLUMN legacy";

#[test]
fn the_designs_example() {
    insta::assert_snapshot!(show(&planned(ORDERS, PROMOTE)), @r#"
    expand 0002.1.add_column: add column orders.started
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "started" timestamptz
    expand 0002.2.sync: keep orders.started right for every writer needs 0002.1.add_column
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_002" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    expand 0002.4.loosen: let orders.legacy be left out
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "legacy" DROP NOT NULL
    online 0002.2.backfill: backfill orders.started needs 0002.1.add_column 0002.2.sync
      lock orders ROW EXCLUSIVE (batch)
      set "started" = (to_timestamp(("payload"->>'start')::float8)) where true and ("started") IS DISTINCT FROM (CAST((to_time…
    online 0002.2.check: check that no row of orders.started differs needs 0002.2.backfill
      lock orders ACCESS SHARE (batch)
    online 0002.3.index: build index orders_started_idx on orders needs 0002.1.add_column
      lock orders SHARE UPDATE EXCLUSIVE (whole step)
      index "orders_started_idx" on "public"."orders" (started)
    contract 0002.2.sync_drop floor=2: remove the trigger that kept orders.started right needs 0002.2.check 0002.2.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_002" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.safe"(jsonb)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.2.overridden"
    contract 0002.4.drop_column floor=2: drop column orders.legacy
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" DROP COLUMN "legacy"
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a snapshot of the trigger")]
fn the_trigger_computes_parks_and_counts() {
    let plan = planned(ORDERS, PROMOTE);
    let StepKind::SyncInstall(install) = &plan.steps[1].kind else { panic!("sync_install") };
    insta::assert_snapshot!(install.statements.join(";\n\n"), @r#"
    CREATE SEQUENCE "changeover"."shop.0002.2.overridden";

    CREATE FUNCTION "changeover"."shop.0002.2.safe"(jsonb, OUT "started" timestamp with time zone, OUT changeover_error text)
    LANGUAGE plpgsql STABLE
    SET "DateStyle" = 'ISO, MDY'
    SET "IntervalStyle" = 'postgres'
    SET "TimeZone" = 'UTC'
    SET "array_nulls" = 'on'
    SET "bytea_output" = 'hex'
    SET "extra_float_digits" = '1'
    SET search_path = pg_catalog, "public", pg_temp
    SET "standard_conforming_strings" = 'on'
    SET "transform_null_equals" = 'off'
    SET lc_time FROM CURRENT
    AS $changeover0$
    #variable_conflict use_column
    DECLARE
      changeover_computed "public"."orders"%ROWTYPE;
    BEGIN
      BEGIN
        SELECT (to_timestamp(("payload"->>'start')::float8))
          INTO changeover_computed."started"
          FROM (SELECT $1 AS "payload") AS changeover_row;
        "started" := changeover_computed."started";
      EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
        changeover_error := pg_catalog.concat(SQLSTATE, ' ', pg_catalog.left(SQLERRM, 2000));
      END;
    END
    $changeover0$;

    REVOKE ALL ON FUNCTION "changeover"."shop.0002.2.safe"(jsonb) FROM PUBLIC;

    CREATE FUNCTION "changeover"."shop.0002.2.sync"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET "DateStyle" = 'ISO, MDY'
    SET "IntervalStyle" = 'postgres'
    SET "TimeZone" = 'UTC'
    SET "array_nulls" = 'on'
    SET "bytea_output" = 'hex'
    SET "extra_float_digits" = '1'
    SET search_path = pg_catalog, "public", pg_temp
    SET "standard_conforming_strings" = 'on'
    SET "transform_null_equals" = 'off'
    SET lc_time FROM CURRENT
    AS $changeover0$
    DECLARE
      changeover_before record;
      changeover_error text;
    BEGIN
      changeover_before := NEW;
      BEGIN
          NEW."started" := (to_timestamp((NEW."payload"->>'start')::float8));
          IF (TG_OP = 'INSERT' AND changeover_before."started" IS DISTINCT FROM NULL OR TG_OP = 'UPDATE' AND (changeover_before."started") IS DISTINCT FROM (OLD."started")) AND (changeover_before."started") IS DISTINCT FROM (NEW."started") THEN
            PERFORM pg_catalog.nextval('"changeover"."shop.0002.2.overridden"');
          END IF;
      EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
        changeover_error := pg_catalog.concat(SQLSTATE, ' ', pg_catalog.left(SQLERRM, 2000));
        NEW := changeover_before;
      END;
      IF changeover_error IS NOT NULL THEN

        PERFORM changeover.park_row(
          'shop', '0002.2.backfill', TG_RELID::pg_catalog.regclass,
          pg_catalog.jsonb_build_array(NEW."id"::text), changeover_error);
      END IF;
      RETURN NEW;
    END
    $changeover0$;

    REVOKE ALL ON FUNCTION "changeover"."shop.0002.2.sync"() FROM PUBLIC;

    CREATE TRIGGER "zzzz_changeover_shop_0002_002" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTION "changeover"."shop.0002.2.sync"();

    ALTER TABLE "public"."orders" ENABLE ALWAYS TRIGGER "zzzz_changeover_shop_0002_002"
    "#);
}

#[test]
fn what_is_computed_is_the_authors_expression_over_the_row() {
    let update = |set: &str| {
        let plan = planned(
            ORDERS,
            &format!("alter table orders add column n text, add column m json; update {set}"),
        );
        let expression = plan.steps.iter().find_map(|step| match &step.kind {
            StepKind::Backfill(fill) => {
                Some(format!("{} | {}", fill.set[0].expression, fill.set[0].differs))
            }
            _ => None,
        });
        expression.unwrap_or_else(|| show(&plan))
    };
    let shown = [
        update("orders set n = status"),
        update("orders AS o set n = o.status || lower(O.nick)"),
        update("public.orders set n = orders.status || public.orders.nick"),
        update("orders set n = 'x'"),
        update("orders set n = coalesce(nick, 'none') where n is null"),
        update("orders set n = nick where n is null and total > 3"),
        update("orders set n = nick where n is null and total > 3 and status = 'x'"),
        update("orders set n = case when total between 1 and 2 then nick else status end"),
        update("orders set m = to_json(payload)"),
        update("orders set m = (payload->'a')::json"),
        update("orders set (n, total) = (nick, total)"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r#"
    ("status") | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(("status") AS text)) COLLATE pg_catalog."C"
    ("status" || lower("nick")) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(("status" || lower("nick")) AS text)) COLLATE pg_catalog."C"
    ("status" || "nick") | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(("status" || "nick") AS text)) COLLATE pg_catalog."C"
    coalesce("n", ('x')) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(coalesce("n", ('x')) AS text)) COLLATE pg_catalog."C"
    (coalesce("nick", 'none')) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST((coalesce("nick", 'none')) AS text)) COLLATE pg_catalog."C"
    (CASE WHEN ("total" > 3) THEN ("nick") ELSE NULL END) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST((CASE WHEN ("total" > 3) THEN ("nick") ELSE NULL END) AS text)) COLLATE pg_catalog."C"
    (CASE WHEN (("total" > 3) AND ("status" = 'x')) THEN ("nick") ELSE NULL END) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST((CASE WHEN (("total" > 3) AND ("status" = 'x')) THEN ("nick") ELSE NULL END) AS text)) COLLATE pg_catalog."C"
    (case when "total" between 1 and 2 then "nick" else "status" end) | ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST((case when "total" between 1 and 2 then "nick" else "status" end) AS text)) COLLATE pg_catalog."C"
    (to_json("payload")) | ROW("m")::record OPERATOR(pg_catalog.*<>) ROW(CAST((to_json("payload")) AS json))::record
    (("payload"->'a')::json) | ROW("m")::record OPERATOR(pg_catalog.*<>) ROW(CAST((("payload"->'a')::json) AS json))::record
    expand 0002.1.add_column: add column orders.n, add column orders.m
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "n" text
      ALTER TABLE "public"."orders" ADD COLUMN "m" json
    REFUSED reads-own-target line 1: update orders set (n, total) = (nick, total)
      why: total is computed from itself, so doing it twice differs
      instead: write the result into a new column
    "#);
}

#[test]
fn what_a_trigger_cannot_keep_right_is_refused_by_name() {
    let own = |text: &str| {
        let plan = planned(ORDERS, &format!("alter table orders add column n text; {text}"));
        let rules = rules(&plan).join(" ");
        assert!(!rules.is_empty(), "{text}: {}", show(&plan));
        format!("{rules}: {text}")
    };
    let shown = [
        own("update orders o set n = c.id from customers c where c.id = o.customer_id"),
        own("update orders set n = (select max(id)::text from customers)"),
        own("update orders set n = now()::text"),
        own("update orders set n = current_date::text"),
        own("update orders set n = ('now'::timestamptz)::text"),
        own("update orders set n = current_user"),
        own("update orders set n = random()::text"),
        own("update orders set n = table_to_xml('customers', true, true, '')::text"),
        own("update orders set n = no_such_function(status)"),
        own("update orders set n = no_such_column"),
        own("update orders set n = c.id"),
        own("update orders set n = default"),
        own("update orders set n = n || 'x'"),
        own("update orders set n = 'x' where n is not null and total > 1"),
        own("alter table orders add column d text default 'a'; \
             update orders set d = 'b' where d = 'a' and total > 1"),
        own("alter table orders add column m text; update orders set m = status, n = m"),
        own("update orders set n = 'a', n = 'b'"),
        own("update orders set n = nick; update orders set n = status"),
        own("update orders set status = lower(status)"),
        own("update orders set status = nick"),
        own("update orders set total = 1 where id > 0"),
        own("update orders set n = nick, status = 'x' where total > 1"),
        own("update orders set payload['a'] = '1'"),
        own("update orders set n = orders::text"),
        own("update orders set n = status returning id"),
        own("update nothing set n = 1"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r"
    update-joins: update orders o set n = c.id from customers c where c.id = o.customer_id
    reads-other-rows: update orders set n = (select max(id)::text from customers)
    reads-clock: update orders set n = now()::text
    reads-clock: update orders set n = current_date::text
    reads-clock: update orders set n = ('now'::timestamptz)::text
    reads-session: update orders set n = current_user
    volatile-function: update orders set n = random()::text
    stable-function: update orders set n = table_to_xml('customers', true, true, '')::text
    unknown-function: update orders set n = no_such_function(status)
    unknown-column: update orders set n = no_such_column
    unknown-column: update orders set n = c.id
    set-default: update orders set n = default
    reads-own-target: update orders set n = n || 'x'
    reads-own-target: update orders set n = 'x' where n is not null and total > 1
    reads-own-target: alter table orders add column d text default 'a'; update orders set d = 'b' where d = 'a' and total > 1
    reads-own-target: alter table orders add column m text; update orders set m = status, n = m
    set-twice: update orders set n = 'a', n = 'b'
    set-twice: update orders set n = nick; update orders set n = status
    reads-own-target: update orders set status = lower(status)
    existing-target: update orders set status = nick
    existing-target: update orders set total = 1 where id > 0
    existing-target: update orders set n = nick, status = 'x' where total > 1
    not-understood: update orders set payload['a'] = '1'
    unknown-column: update orders set n = orders::text
    update-joins: update orders set n = status returning id
    unknown-relation: update nothing set n = 1
    ");
}

#[test]
fn tables_and_columns_that_cannot_be_filled_are_refused_by_name() {
    let refused = |setup: &str, text: &str| {
        let text = format!("alter table orders add column n text; {text}");
        rules(&planned(setup, &text)).join(" ")
    };
    let shown = [
        refused("create table orders (id int, status text)", "update orders set n = status"),
        refused(
            "create table orders (id int primary key, status text, g text generated always as \
             (status) stored)",
            "update orders set g = 'x'",
        ),
        refused(
            "create table orders (id int, k int, status text, primary key (id, k)) partition by list (k)",
            "select 1;\n-- changeover: sync=derived\nupdate orders set k = id",
        ),
    ];
    assert_eq!(shown, ["no-primary-key", "generated-target", "query partition-key"]);
}

#[test]
fn a_column_that_was_there_needs_a_word() {
    let shown = [
        "update orders set total = 0 where total is null",
        "update orders set total = coalesce(total, 1)",
        "-- changeover: sync=derived\nupdate orders set status = lower(nick) where total > 1",
        "-- changeover: sync=once\nupdate orders set status = 'old' where total > 1",
    ]
    .map(|text| show(&planned(ORDERS, text)));
    insta::assert_snapshot!(shown.join("\n\n"), @r#"
    expand 0002.1.sync: keep orders.total right for every writer
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_001" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    online 0002.1.backfill: backfill orders.total needs 0002.1.sync
      lock orders ROW EXCLUSIVE (batch)
      set "total" = coalesce("total", (0)) where true and ("total") IS DISTINCT FROM (CAST(coalesce("total", (0)) AS integer))
    online 0002.1.check: check that no row of orders.total differs needs 0002.1.backfill
      lock orders ACCESS SHARE (batch)
    contract 0002.1.sync_drop floor=2: remove the trigger that kept orders.total right needs 0002.1.check 0002.1.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_001" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.safe"(integer)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.1.overridden"

    expand 0002.1.sync: keep orders.total right for every writer
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_001" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    online 0002.1.backfill: backfill orders.total needs 0002.1.sync
      lock orders ROW EXCLUSIVE (batch)
      set "total" = (coalesce("total", 1)) where true and ("total") IS DISTINCT FROM (CAST((coalesce("total", 1)) AS integer))
    online 0002.1.check: check that no row of orders.total differs needs 0002.1.backfill
      lock orders ACCESS SHARE (batch)
    contract 0002.1.sync_drop floor=2: remove the trigger that kept orders.total right needs 0002.1.check 0002.1.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_001" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.safe"(integer)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.1.overridden"

    expand 0002.1.sync: keep orders.status right for every writer
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_001" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    online 0002.1.backfill: backfill orders.status needs 0002.1.sync
      lock orders ROW EXCLUSIVE (batch)
      set "status" = (lower("nick")) where ("total" > 1) and ("status") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST((lower("…
    online 0002.1.check: check that no row of orders.status differs needs 0002.1.backfill
      lock orders ACCESS SHARE (batch)
    contract 0002.1.sync_drop floor=2: remove the trigger that kept orders.status right needs 0002.1.check 0002.1.sync
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_001" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.1.safe"(character varying(20), integer, text)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.1.overridden"

    online 0002.1.backfill: backfill orders.status
      lock orders ROW EXCLUSIVE (batch)
      set "status" = ('old') where ("total" > 1) and ("status") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(('old') AS text)…
    "#);
}

#[test]
fn users_triggers_and_row_security_ask_for_a_decision() {
    let mut catalog = catalog(ORDERS);
    let orders = crate::QualifiedName::new("public", "orders");
    let trigger = Trigger {
        name: "audit".into(),
        before: false,
        row: true,
        on_insert: false,
        on_update: true,
        update_columns: Vec::new(),
        enabled: true,
        ours: false,
        ..Trigger::default()
    };
    let text = "alter table orders add column n text; update orders set n = status";
    let with = |change: &dyn Fn(&mut crate::catalog::Relation), text: &str| {
        let mut catalog = catalog.clone();
        change(catalog.relation_mut(&orders).unwrap());
        rules(&planned_on(&catalog, &[text], &[])).join(" ")
    };
    let audited = |relation: &mut crate::catalog::Relation| relation.triggers.push(trigger.clone());
    assert_eq!(with(&audited, text), "user-triggers");
    let decided = "alter table orders add column n text;
        -- changeover: user-triggers=fire because \"the audit may know\"
        update orders set n = status";
    assert_eq!(with(&audited, decided), "");
    let other_column = |relation: &mut crate::catalog::Relation| {
        let update_columns = vec!["total".into()];
        relation.triggers.push(Trigger { update_columns, ..trigger.clone() });
    };
    assert_eq!(with(&other_column, text), "");
    let last = |relation: &mut crate::catalog::Relation| {
        let name = "zzzzz".into();
        relation.triggers.push(Trigger { name, before: true, on_update: false, ..trigger.clone() });
    };
    assert_eq!(with(&last, text), "trigger-sorts-last");
    let forced =
        |relation: &mut crate::catalog::Relation| relation.row_security = RowSecurity::Forced;
    assert_eq!(with(&forced, text), "forced-row-security");
    let enabled =
        |relation: &mut crate::catalog::Relation| relation.row_security = RowSecurity::Enabled;
    assert_eq!(with(&enabled, text), "");
    catalog.server_version = 0;
}

#[test]
fn generated_columns_are_inlined() {
    let setup = "create table orders (id int primary key, a text, g text generated always as (lower(a)) stored)";
    let plan = planned(setup, "alter table orders add column n text; update orders set n = g || a");
    let shown = plan.steps.iter().find_map(|step| match &step.kind {
        StepKind::Backfill(fill) => Some(fill.set[0].expression.clone()),
        _ => None,
    });
    assert_eq!(shown.unwrap(), r#"((lower("a")) || "a")"#);
}

#[test]
fn a_column_goes_together_with_the_trigger_that_reads_it() {
    let text = "alter table orders add column n text;
        update orders set n = legacy;
        -- changeover: allow=drops-source because \"4.9 goes on writing it\"
        alter table orders drop column legacy";
    insta::assert_snapshot!(show(&planned(ORDERS, text)), @r#"
    expand 0002.1.add_column: add column orders.n
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "n" text
    expand 0002.2.sync: keep orders.n right for every writer needs 0002.1.add_column
      lock orders SHARE ROW EXCLUSIVE (blink)
      CREATE TRIGGER "zzzz_changeover_shop_0002_002" BEFORE INSERT OR UPDATE ON "public"."orders" FOR EACH ROW EXECUTE FUNCTIO…
    expand 0002.3.loosen: let orders.legacy be left out
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ALTER COLUMN "legacy" DROP NOT NULL
    online 0002.2.backfill: backfill orders.n needs 0002.1.add_column 0002.2.sync
      lock orders ROW EXCLUSIVE (batch)
      set "n" = ("legacy") where true and ("n") COLLATE pg_catalog."C" IS DISTINCT FROM (CAST(("legacy") AS text)) COLLATE pg_…
    online 0002.2.check: check that no row of orders.n differs needs 0002.2.backfill
      lock orders ACCESS SHARE (batch)
    contract 0002.3.drop_column floor=2: drop column orders.legacy needs 0002.2.check
      lock orders ACCESS EXCLUSIVE (blink)
      DROP TRIGGER IF EXISTS "zzzz_changeover_shop_0002_002" ON "public"."orders"
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.sync"()
      DROP FUNCTION IF EXISTS "changeover"."shop.0002.2.safe"(text)
      DROP SEQUENCE IF EXISTS "changeover"."shop.0002.2.overridden"
      ALTER TABLE "public"."orders" DROP COLUMN "legacy"
    "#);
}

#[test]
fn keys_of_all_kinds() {
    let key = |setup: &str| {
        let plan = planned(setup, "alter table t add column n text; update t set n = 'x'");
        plan.steps
            .iter()
            .find_map(|step| match &step.kind {
                StepKind::Backfill(fill) => Some(
                    fill.key
                        .iter()
                        .map(|key| format!("{} {}", key.name, key.type_sql))
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
                _ => None,
            })
            .unwrap_or_else(|| rules(&plan).join(" "))
    };
    assert_eq!(key("create table t (id uuid primary key)"), r#""id" uuid"#);
    assert_eq!(
        key("create table t (b int, \"A\" varchar(5), primary key (\"A\", b))"),
        r#""A" character varying(5), "b" integer"#
    );
    assert_eq!(
        key("create table t (a int not null, b int); create unique index on t (a)"),
        r#""a" integer"#
    );
    assert_eq!(key("create table t (a int); create unique index on t (a)"), "no-primary-key");
    assert_eq!(
        key("create table t (a int not null); create unique index on t (a) where a > 1"),
        "no-primary-key"
    );
    assert_eq!(
        key("create table t (a int not null); create unique index on t ((a + 1))"),
        "no-primary-key"
    );
}
