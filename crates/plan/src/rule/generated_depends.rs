//! Dropping a column from which another one is generated.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, key text GENERATED \
    ALWAYS AS (lower(name)) STORED);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "generated-depends",
    topic: Topic::Column,
    allowable: false,
    summary: "dropping a column from which another one is generated",
    why: "The server refuses to drop the source of a generated column, or drops both. In an \
        upgrade this would come to light in contract.",
    instead: "Drop the generated column in a statement before this one.",
    bad: &[Example::of(BEFORE, "ALTER TABLE users DROP COLUMN name;")],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE users DROP COLUMN key;\n\
         ALTER TABLE users DROP COLUMN name;",
    )],
};
