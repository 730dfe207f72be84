//! Filling a table that has no key.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str =
    "CREATE TABLE readings (sensor integer NOT NULL, at timestamptz NOT NULL, value float8);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "no-primary-key",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a table that has no key",
    why: "A backfill goes through the table by ranges of a key, in short batches, and remembers \
        where it is. Without a primary key or a unique index over `NOT NULL` columns no batch can \
        be told from another, and one `UPDATE` over all rows would lock them for minutes.",
    instead: "Add a primary key in an earlier release, over columns that are there. If no column \
        tells rows apart, only a stop helps: add one with `changeover migrate --at-once`.",
    bad: &[Example::of(
        BEFORE,
        "ALTER TABLE readings ADD COLUMN rounded integer;\n\
         UPDATE readings SET rounded = round(value)::integer;",
    )],
    good: &[
        Example::of(BEFORE, "ALTER TABLE readings ADD PRIMARY KEY (sensor, at);"),
        Example::of(
            "CREATE TABLE readings (sensor integer, at timestamptz, value float8, PRIMARY KEY \
             (sensor, at));",
            "ALTER TABLE readings ADD COLUMN rounded integer;\n\
             UPDATE readings SET rounded = round(value)::integer;",
        ),
    ],
};
