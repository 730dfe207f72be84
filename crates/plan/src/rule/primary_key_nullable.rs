//! A primary key over a column that may be NULL.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE log (id bigint, line text);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "primary-key-nullable",
    topic: Topic::Constraint,
    allowable: false,
    summary: "a primary key over a column that may be NULL",
    why: "The server would mark the column `NOT NULL`, and for that scan the whole table under a \
        lock that stops all reads and writes.",
    instead: "Write `SET NOT NULL` in a statement before it: it is checked by a scan that blocks \
        nobody.",
    bad: &[Example::of(BEFORE, "ALTER TABLE log ADD PRIMARY KEY (id);")],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE log ALTER COLUMN id SET NOT NULL;\n\
         ALTER TABLE log ADD PRIMARY KEY (id);",
    )],
};
