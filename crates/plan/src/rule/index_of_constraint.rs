//! Dropping the index behind a constraint.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str =
    "CREATE TABLE users (id bigint PRIMARY KEY, email text CONSTRAINT users_email UNIQUE);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "index-of-constraint",
    topic: Topic::Constraint,
    allowable: false,
    summary: "dropping the index behind a constraint",
    why: "The index belongs to a primary key or a unique constraint, and the server refuses to \
        drop it by itself.",
    instead: "Drop the constraint: its index goes with it.",
    bad: &[Example::of(BEFORE, "DROP INDEX users_email;")],
    good: &[Example::of(BEFORE, "ALTER TABLE users DROP CONSTRAINT users_email;")],
};
