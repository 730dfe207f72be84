//! An expression that calls a function that is not there.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "unknown-function",
    topic: Topic::Object,
    allowable: false,
    summary: "an expression that calls a function that is not there",
    why: "The expression becomes a trigger and a backfill. A function that is missing would make \
        every write fail that fires the trigger.",
    instead: "Check the name and the schema. If another statement creates the function, it must \
        come earlier and must not be refused itself.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN label text;\n\
         UPDATE orders SET label = lowr(status);",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN label text;\n\
         UPDATE orders SET label = lower(status);",
    )],
};
