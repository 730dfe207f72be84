//! Renaming a column, a table or another object.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "rename",
    topic: Topic::Table,
    allowable: false,
    summary: "renaming a column, a table or another object",
    why: "The older release knows the thing by its old name and goes on serving. From the rename \
        on, each of its queries that names it fails.",
    instead: "For a column: add one of the new name, fill it from the old one, and drop the old \
        one in a later migration. For a table: leave the name, or create a view of the new name. \
        For an index or a constraint: leave the name, or make a new one and drop the old one.",
    bad: &[
        Example::of(ORDERS, "ALTER TABLE orders RENAME COLUMN total TO total_cents;"),
        Example::of(ORDERS, "ALTER TABLE orders RENAME TO purchases;"),
    ],
    good: &[
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN total_cents integer;\n\
             UPDATE orders SET total_cents = total;",
        ),
        Example::of(
            ORDERS,
            "CREATE VIEW purchases AS SELECT id, status, total, created_at FROM orders;",
        ),
    ],
};
