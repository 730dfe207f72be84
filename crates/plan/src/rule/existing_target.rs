//! An UPDATE of a column that was there before.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "existing-target",
    topic: Topic::Fill,
    allowable: false,
    summary: "an UPDATE of a column that was there before",
    why: "Releases that serve write this column. Shall their writes be overridden by the \
        expression from now on, or shall only the rows that are there be changed once? Both are \
        reasonable, and the statement does not say which.",
    instead: "Decide: `sync=derived` lets a trigger keep the column as the expression says, for \
        every writer; `sync=once` changes only the rows that are there. Or fill a new column. An \
        `UPDATE` that only fills `NULL` needs no decision.",
    bad: &[Example::of(ORDERS, "UPDATE orders SET total = id::integer;")],
    good: &[
        Example::of(
            ORDERS,
            "-- changeover: sync=once\n\
             UPDATE orders SET total = id::integer;",
        ),
        Example::of(
            ORDERS,
            "-- changeover: sync=derived\n\
             UPDATE orders SET total = id::integer;",
        ),
        Example::of(ORDERS, "UPDATE orders SET status = 'none' WHERE status IS NULL;"),
    ],
};
