//! SET column = DEFAULT in an UPDATE.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "set-default",
    topic: Topic::Fill,
    allowable: false,
    summary: "SET column = DEFAULT in an UPDATE",
    why: "The default may change later, or differ for each row. What the trigger and the check \
        should compare with is then not defined.",
    instead: "Write the value itself.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN currency text DEFAULT 'EUR';\n\
         UPDATE orders SET currency = DEFAULT;",
    )],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN currency text DEFAULT 'EUR';")],
};
