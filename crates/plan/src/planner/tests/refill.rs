//! A constant for all rows of a column that the same plan adds with a default.

use super::{ORDERS, planned, rules, show};
use crate::model::step::StepKind;

fn with(rest: &str) -> String {
    format!("alter table orders add column n integer not null default 5; {rest}")
}

#[test]
fn rows_that_are_there_get_the_constant_and_later_ones_the_default() {
    let plan = planned(ORDERS, &with("update orders set n = 0"));
    assert!(!plan.steps.iter().any(|step| matches!(step.kind, StepKind::Backfill(_))));
    insta::assert_snapshot!(show(&plan), @r#"
    expand 0002.1.add_column: add column orders.n
      lock orders ACCESS EXCLUSIVE (blink)
      ALTER TABLE "public"."orders" ADD COLUMN "n" integer DEFAULT 0 NOT NULL
      ALTER TABLE "public"."orders" ALTER COLUMN "n" SET DEFAULT 5
    expand 0002.2.nothing: orders.n = 0 in all rows that are there
    "#);
    // The last one holds, and the default stays the author's.
    let twice = show(&planned(ORDERS, &with("update orders set n = 0; update orders set n = 1")));
    assert!(twice.contains("DEFAULT 1 NOT NULL"), "{twice}");
    assert!(twice.contains("SET DEFAULT 5"), "{twice}");
}

#[test]
fn what_adding_the_column_cannot_do_is_refused() {
    for (rest, rule) in [
        ("insert into orders (id, n) values (1, 2); update orders set n = 0", "set-twice"),
        ("update orders set n = null", "set-twice"),
        ("update orders set n = total where total > 3; update orders set n = 0", "set-twice"),
    ] {
        assert_eq!(rules(&planned(ORDERS, &with(rest))), [rule], "{rest}");
    }
}

/// A default that differs from row to row is filled in by a backfill of its own, which an UPDATE would come across.
#[test]
fn a_column_that_its_default_fills_is_not_set_as_well() {
    for update in ["n = 0", "n = null", "n = total", "n = 9 where total > 3"] {
        let text = format!(
            "alter table orders add column n double precision default random(); \
             update orders set {update}"
        );
        assert_eq!(rules(&planned(ORDERS, &text)), ["set-twice"], "{update}");
    }
}

/// Two constants without a type would make a text, and every batch fail.
#[test]
fn a_filtered_constant_has_the_columns_type() {
    let plan = planned(
        ORDERS,
        "alter table orders add column extra jsonb default '{}'; \
         update orders set extra = '[]' where total > 3",
    );
    let shown = show(&plan);
    assert!(shown.contains("CAST('[]' AS jsonb)"), "{shown}");
    assert!(shown.contains("ELSE CAST('{}' AS jsonb)"), "{shown}");
}
