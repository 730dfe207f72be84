//! An UPDATE that reads what it sets.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "reads-own-target",
    topic: Topic::Fill,
    allowable: false,
    summary: "an UPDATE that reads what it sets",
    why: "A backfill may be repeated after a crash, and the trigger computes the value again at \
        each write. An expression that reads its own result (`total = total * 100`) would be \
        applied twice.",
    instead: "Write the result into a new column. Filling `NULL` by `coalesce(c, …)` or `WHERE c \
        IS NULL` is fine.",
    bad: &[Example::of(
        ORDERS,
        "-- changeover: sync=derived\n\
         UPDATE orders SET total = total * 100;",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN total_cents integer;\n\
         UPDATE orders SET total_cents = total * 100;",
    )],
};
