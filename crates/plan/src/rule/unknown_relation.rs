//! A table that is neither in the database nor made by this upgrade.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "unknown-relation",
    topic: Topic::Table,
    allowable: false,
    summary: "a table that is neither in the database nor made by this upgrade",
    why: "The plan is made from the tables that are there: their keys, triggers, indexes. For a \
        table that is not known nothing can be said.",
    instead: "Check the name and the schema. If another migration creates the table, it must have \
        a lower number and must not be refused itself: correct that one first.",
    bad: &[Example::of("", "ALTER TABLE ordres ADD COLUMN note text;")],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN note text;")],
};
