//! Dropping or changing what a view reads.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
    total integer, created_at timestamptz NOT NULL);\n\
    CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE status = 'open';";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "view-depends",
    topic: Topic::Object,
    allowable: false,
    summary: "dropping or changing what a view reads",
    why: "The server refuses to drop a table or a column, or to change a column's type, while a \
        view reads it. In an upgrade this would come to light in contract, after the floor was \
        raised.",
    instead: "Drop the view in a statement before this one if no release needs it any more. \
        Otherwise create a view of another name without the column, let the new release read that \
        one, and drop the old view and the column in a later migration.",
    bad: &[
        Example::of(BEFORE, "DROP TABLE orders;"),
        Example::of(BEFORE, "ALTER TABLE orders DROP COLUMN total;"),
    ],
    good: &[Example::of(
        BEFORE,
        "DROP VIEW open_orders;\n\
         ALTER TABLE orders DROP COLUMN total;",
    )],
};
