//! ADD COLUMN … NOT NULL without a default.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "not-null-without-default",
    topic: Topic::Column,
    allowable: false,
    summary: "ADD COLUMN … NOT NULL without a default",
    why: "The older release does not know the column and leaves it out of its inserts, which \
        would all fail from that moment. On a table that holds rows, the statement itself fails.",
    instead: "Give the column a default. Or add it without `NOT NULL`, fill it by an `UPDATE` \
        (its trigger also fills what the older release inserts), and write `SET NOT NULL` after \
        that.",
    bad: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN currency text NOT NULL;")],
    good: &[
        Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT 'EUR';"),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN label text;\n\
             UPDATE orders SET label = coalesce(status, 'none');\n\
             ALTER TABLE orders ALTER COLUMN label SET NOT NULL;",
        ),
    ],
};
