//! `replica-identity`.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replica-identity",
    topic: Topic::Fill,
    allowable: false,
    summary: "The table is published and has no replica identity.",
    why: "The server rejects every UPDATE of a table whose updates are published and whose rows a subscriber could not find.",
    instead: "Give it a primary key, or write ALTER TABLE t REPLICA IDENTITY FULL in a migration before.",
    bad: &[Example { before: "CREATE TABLE tag (name text NOT NULL UNIQUE, j jsonb); CREATE PUBLICATION p FOR TABLE tag", migration: "ALTER TABLE tag ADD COLUMN provider text; UPDATE tag SET provider = j ->> 'p'" }],
    good: &[Example { before: "CREATE TABLE tag (name text PRIMARY KEY, j jsonb); CREATE PUBLICATION p FOR TABLE tag", migration: "ALTER TABLE tag ADD COLUMN provider text; UPDATE tag SET provider = j ->> 'p'" }],
};
