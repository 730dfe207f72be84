//! A column that the table does not have.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "unknown-column",
    topic: Topic::Column,
    allowable: false,
    summary: "a column that the table does not have",
    why: "The server would refuse the statement in the middle of the upgrade. Also refused: a \
        name qualified by another table than the one that is updated.",
    instead: "Check the name. If another statement adds the column, it must come earlier and must \
        not be refused itself.",
    bad: &[Example::of(ORDERS, "ALTER TABLE orders DROP COLUMN totl;")],
    good: &[Example::of(ORDERS, "ALTER TABLE orders DROP COLUMN total;")],
};
