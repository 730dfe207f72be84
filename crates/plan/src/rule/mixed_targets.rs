//! One UPDATE with a WHERE that sets both a new and an older column.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "mixed-targets",
    topic: Topic::Fill,
    allowable: false,
    summary: "one UPDATE with a WHERE that sets both a new and an older column",
    why: "For a new column the condition is part of its value: rows that do not match get the \
        default. For an older column it says which rows are touched at all. One statement cannot \
        mean both.",
    instead: "Write two `UPDATE` statements.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN due integer;\n\
         -- changeover: sync=derived\n\
         UPDATE orders SET due = id::integer, total = 0 WHERE status = 'open';",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN due integer;\n\
         UPDATE orders SET due = id::integer WHERE status = 'open';\n\
         -- changeover: sync=once\n\
         UPDATE orders SET total = 0 WHERE status = 'open';",
    )],
};
