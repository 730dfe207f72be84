//! A table that is filled and dropped in one upgrade.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "drop-synced-table",
    topic: Topic::Table,
    allowable: false,
    summary: "a table that is filled and dropped in one upgrade",
    why: "The backfill would fill every row of a table that goes at the end of the same upgrade. \
        One of the two statements is not meant.",
    instead: "Remove the `UPDATE`, or drop the table in a later migration.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN due integer;\n\
         UPDATE orders SET due = total;\n\
         DROP TABLE orders;",
    )],
    good: &[Example::of(ORDERS, "DROP TABLE orders;")],
};
