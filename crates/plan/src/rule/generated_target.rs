//! An UPDATE of a generated column.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, key text GENERATED \
    ALWAYS AS (lower(name)) STORED);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "generated-target",
    topic: Topic::Fill,
    allowable: false,
    summary: "an UPDATE of a generated column",
    why: "The server computes a generated column itself and refuses every other value.",
    instead: "Update the columns from which it is generated.",
    bad: &[Example::of(BEFORE, "UPDATE users SET key = 'x';")],
    good: &[Example::of(
        BEFORE,
        "-- changeover: sync=once\n\
         UPDATE users SET name = 'nobody' WHERE name = '';",
    )],
};
