//! A backfill of a column to which a foreign key points.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "fills-referenced",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column to which a foreign key points",
    why: "Each filled row would change rows of other tables (`ON UPDATE CASCADE`), or be \
        rejected because they point to its old value.",
    instead: "Fill a new column, and let a new foreign key point to that.",
    bad: &[Example::of(
        "CREATE TABLE docs (id bigint PRIMARY KEY, code text UNIQUE);\nCREATE TABLE links (id bigint PRIMARY KEY, code text REFERENCES docs (code) ON UPDATE CASCADE);",
        "-- changeover: sync=once\nUPDATE docs SET code = 'x' WHERE id = 7;",
    )],
    good: &[Example::of(
        "CREATE TABLE docs (id bigint PRIMARY KEY, code text UNIQUE);\nCREATE TABLE links (id bigint PRIMARY KEY, code text REFERENCES docs (code) ON UPDATE CASCADE);",
        "ALTER TABLE docs ADD COLUMN slug text;\nUPDATE docs SET slug = lower(code);",
    )],
};
