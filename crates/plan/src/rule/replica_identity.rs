//! A backfill of a published table without replica identity.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replica-identity",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a published table that has no replica identity",
    why: "The server rejects every UPDATE of a table whose updates are published and whose rows \
        a subscriber could not find.",
    instead: "Write `ALTER TABLE … REPLICA IDENTITY FULL` before the UPDATE, or give the table a \
        primary key.",
    bad: &[Example::of(
        "CREATE TABLE tags (name text NOT NULL UNIQUE, j jsonb);\nCREATE PUBLICATION sent FOR TABLE tags;",
        "ALTER TABLE tags ADD COLUMN provider text;\nUPDATE tags SET provider = j ->> 'p';",
    )],
    good: &[Example::of(
        "CREATE TABLE tags (name text NOT NULL UNIQUE, j jsonb);\nCREATE PUBLICATION sent FOR TABLE tags;",
        "ALTER TABLE tags REPLICA IDENTITY FULL;\nALTER TABLE tags ADD COLUMN provider text;\nUPDATE tags SET provider = j ->> 'p';",
    )],
};
