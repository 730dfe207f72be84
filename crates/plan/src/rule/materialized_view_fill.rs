//! A materialized view that is filled when it is created.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "materialized-view-fill",
    topic: Topic::Object,
    allowable: false,
    summary: "a materialized view that is filled when it is created",
    why: "It is filled by one long query, and the new release would wait for its end before it \
        serves.",
    instead: "Write `WITH NO DATA`, and let the new release refresh it.",
    bad: &[Example::of(
        ORDERS,
        "CREATE MATERIALIZED VIEW totals AS SELECT status, sum(total) FROM orders GROUP BY \
         1;",
    )],
    good: &[Example::of(
        ORDERS,
        "CREATE MATERIALIZED VIEW totals AS SELECT status, sum(total) FROM orders GROUP BY \
         1 WITH NO DATA;",
    )],
};
