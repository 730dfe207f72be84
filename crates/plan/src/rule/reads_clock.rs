//! Filling a column from the clock.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "reads-clock",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column from the clock",
    why: "The value would differ each time it is computed. The backfill, the trigger and the \
        check would never agree, and a row would get another value whenever the older release \
        touches it.",
    instead: "Give the column a default, or compute it from a column that holds the time.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN seen_at timestamptz;\n\
         UPDATE orders SET seen_at = now();",
    )],
    good: &[
        Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN seen_at timestamptz DEFAULT now();"),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN seen_at timestamptz;\n\
             UPDATE orders SET seen_at = created_at;",
        ),
    ],
};
