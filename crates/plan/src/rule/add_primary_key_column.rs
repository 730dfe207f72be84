//! A new column that is the primary key.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (email text NOT NULL UNIQUE);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "add-primary-key-column",
    topic: Topic::Column,
    allowable: false,
    summary: "a new column that is the primary key",
    why: "The rows that are there have no value yet, so the server would compute one for each \
        under a lock that stops all reads and writes, and build the index under the same lock.",
    instead: "Add the column, fill it, and add the primary key in a statement of its own: its \
        index is built concurrently. The table needs another unique key over `NOT NULL` columns \
        for the filling.",
    bad: &[Example::of(BEFORE, "ALTER TABLE users ADD COLUMN id bigint PRIMARY KEY;")],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE users ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();\n\
         ALTER TABLE users ADD PRIMARY KEY (id);",
    )],
};
