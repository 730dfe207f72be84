//! Dropping a column from which another one is still filled.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "drops-source",
    topic: Topic::Column,
    allowable: true,
    summary: "dropping a column from which another one is still filled",
    why: "Until the older releases are gone, a trigger computes the new column from this one. A \
        new release that no longer writes the source would make the trigger overwrite the new \
        column with what follows from an empty source.",
    instead: "Drop the source in a later migration, and let the release before it be rolled out \
        everywhere first. If the new release goes on writing both columns, say so by \
        `allow=drops-source`.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN total_cents integer;\n\
         UPDATE orders SET total_cents = total * 100;\n\
         ALTER TABLE orders DROP COLUMN total;",
    )],
    good: &[
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN total_cents integer;\n\
             UPDATE orders SET total_cents = total * 100;",
        ),
        Example::of(
            ORDERS,
            "ALTER TABLE orders ADD COLUMN total_cents integer;\n\
             UPDATE orders SET total_cents = total * 100;\n\
             -- changeover: allow=drops-source because \"2.3 writes total until 2.4\"\n\
             ALTER TABLE orders DROP COLUMN total;",
        ),
    ],
};
