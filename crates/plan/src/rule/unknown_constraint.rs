//! A constraint that the table does not have.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "unknown-constraint",
    topic: Topic::Constraint,
    allowable: false,
    summary: "a constraint that the table does not have",
    why: "The server would refuse the statement in the middle of the upgrade. Names that the \
        server chose can differ between databases.",
    instead: "Check the name: `\\d` in psql lists the constraints of a table. With `IF EXISTS` a \
        missing one is passed over.",
    bad: &[Example::of(ORDERS, "ALTER TABLE orders DROP CONSTRAINT orders_total_check;")],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_total_check;",
    )],
};
