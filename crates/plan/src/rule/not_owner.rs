//! Tables of an owner as whom the migrator may not act.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "not-owner",
    topic: Topic::Table,
    allowable: false,
    summary: "a table of another owner",
    why: "Only the owner of a table, or a member of that role, may alter, index or drop it. The \
        run would stop half-way.",
    instead: "Make the migrator a member of the owner, or give the table to the migrator, before the \
        upgrade.",
    bad: &[Example::of(
        "CREATE ROLE guest;\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;\nCREATE TABLE theirs (id bigint PRIMARY KEY);\nSET LOCAL ROLE guest;",
        "ALTER TABLE theirs ADD COLUMN note text;",
    )],
    good: &[Example::of(
        "CREATE ROLE guest;\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;\nGRANT CREATE ON SCHEMA public TO guest;\nSET LOCAL ROLE guest;\nCREATE TABLE mine (id bigint PRIMARY KEY);",
        "ALTER TABLE mine ADD COLUMN note text;",
    )],
};
