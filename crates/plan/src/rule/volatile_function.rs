//! Filling a column by a VOLATILE function.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "volatile-function",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column by a VOLATILE function",
    why: "The function may give another value each time. The backfill, the trigger and the check \
        would never agree.",
    instead: "As a default it is fine: each row gets its value once. Or use an `IMMUTABLE` \
        function.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN token uuid;\n\
         UPDATE orders SET token = gen_random_uuid();",
    )],
    good: &[
        Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();"),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN token text;\n\
             UPDATE orders SET token = md5(id::text);",
        ),
    ],
};
