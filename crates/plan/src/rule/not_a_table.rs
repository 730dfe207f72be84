//! A table statement about a view, a sequence or a foreign table.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "not-a-table",
    topic: Topic::Table,
    allowable: false,
    summary: "a table statement about a view, a sequence or a foreign table",
    why: "Columns, constraints, indexes and updates are planned for tables. A view has none of \
        its own, and what an update of it writes is decided by rules or triggers.",
    instead: "Write the statement for the table behind it.",
    bad: &[Example::of(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
         total integer, created_at timestamptz NOT NULL);\n\
         CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE status = 'open';",
        "UPDATE open_orders SET total = 0;",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN due integer;\n\
         UPDATE orders SET due = total WHERE status = 'open';",
    )],
};
