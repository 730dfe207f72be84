//! A statement that the parser does not accept.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "syntax-error",
    topic: Topic::File,
    allowable: false,
    summary: "a statement that the parser does not accept",
    why: "Changeover plans only what it has read completely. A statement that cannot be parsed \
        may do anything, so it stops the file before any step runs, and not in the middle of an \
        upgrade.",
    instead: "Correct the statement. `psql` on a copy of the database shows what the server makes \
        of it. Where the server accepts a statement that Changeover does not, please report it; \
        until then run that file with `--at-once` while nobody serves.",
    bad: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN note text text;")],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN note text;")],
};
