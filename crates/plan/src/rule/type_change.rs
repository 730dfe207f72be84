//! A change of a column's type that rewrites nothing.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, nick varchar(20));";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "type-change",
    topic: Topic::Column,
    allowable: true,
    summary: "a change of a column's type that rewrites nothing",
    why: "No row is touched. But connections of the older release keep prepared statements that \
        were made for the old type, and each of them fails once with SQLSTATE 0A000 (`cached plan \
        must not change result type`). Inside of a transaction that cannot be repeated.",
    instead: "If older releases prepare nothing, or prepare again after that error, say so by \
        `allow=type-change`. Otherwise add a new column and fill it.",
    bad: &[Example::of(BEFORE, "ALTER TABLE users ALTER COLUMN nick TYPE varchar(80);")],
    good: &[Example::of(
        BEFORE,
        "-- changeover: allow=type-change because \"the driver prepares again after \
         0A000\"\n\
         ALTER TABLE users ALTER COLUMN nick TYPE varchar(80);",
    )],
};
