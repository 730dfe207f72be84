//! ROLLBACK in a migration.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "transaction-control",
    topic: Topic::File,
    allowable: false,
    summary: "ROLLBACK in a migration",
    why: "Each step has its own transaction, which the engine opens and commits. A `BEGIN` and \
        `COMMIT` around the file are ignored for that reason; a `ROLLBACK` would mean that the \
        file does nothing.",
    instead: "Remove the `ROLLBACK`, and what it was to undo.",
    bad: &[Example::of(
        ORDERS,
        "BEGIN;\n\
         ALTER TABLE orders ADD COLUMN note text;\n\
         ROLLBACK;",
    )],
    good: &[Example::of(
        ORDERS,
        "BEGIN;\n\
         ALTER TABLE orders ADD COLUMN note text;\n\
         COMMIT;",
    )],
};
