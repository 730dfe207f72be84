//! Dropping a column that a trigger names.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n\
    CREATE TRIGGER renamed AFTER UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION \
    touch();";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "trigger-depends",
    topic: Topic::Column,
    allowable: false,
    summary: "dropping a column that a trigger names",
    why: "A trigger `AFTER UPDATE OF column` depends on the column, so the server refuses the \
        drop. In an upgrade this would come to light in contract.",
    instead: "Drop the trigger in a statement before this one, and create it again without the \
        column if it is still needed.",
    bad: &[Example::of(BEFORE, "ALTER TABLE users DROP COLUMN name;")],
    good: &[Example::of(
        BEFORE,
        "DROP TRIGGER renamed ON users;\n\
         ALTER TABLE users DROP COLUMN name;",
    )],
};
