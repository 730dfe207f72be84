//! A change of a column that rewrites the whole table.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "rewrites-table",
    topic: Topic::Column,
    allowable: false,
    summary: "a change of a column that rewrites the whole table",
    why: "The server writes every row again, and every index, under a lock that stops all reads \
        and writes of the table. At a million rows that takes seconds, at a hundred million it is \
        an outage.",
    instead: "Add a column of the new type, fill it by an `UPDATE`, let the new release use it, \
        and drop the old one in a later migration. For a generated column write an `UPDATE` with \
        its expression; for `serial` or an identity, a default of `nextval('…')`.",
    bad: &[
        Example::of(ORDERS, "ALTER TABLE orders ALTER COLUMN id TYPE numeric;"),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN label text GENERATED ALWAYS AS (lower(status)) \
             STORED;",
        ),
    ],
    good: &[
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN total_exact numeric;\n\
             UPDATE orders SET total_exact = total::numeric;",
        ),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN label text;\n\
             UPDATE orders SET label = lower(status);",
        ),
    ],
};
