//! DROP SCHEMA and DROP EXTENSION.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE SCHEMA reports;\n\
    CREATE TABLE reports.daily (day date PRIMARY KEY);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "drop-schema",
    topic: Topic::Table,
    allowable: false,
    summary: "DROP SCHEMA and DROP EXTENSION",
    why: "A schema or an extension holds many things at once. Whether an older release still uses \
        one of them cannot be seen from the statement.",
    instead: "Drop what is in it, piece by piece. The empty schema may stay; drop it in a stop \
        with `--at-once`.",
    bad: &[Example::of(BEFORE, "DROP SCHEMA reports;")],
    good: &[Example::of(BEFORE, "DROP TABLE reports.daily;")],
};
