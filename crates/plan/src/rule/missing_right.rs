//! Rights that the run will need and the migrator lacks.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "missing-right",
    topic: Topic::File,
    allowable: false,
    summary: "a right that the run needs and the migrator lacks",
    why: "The run would stop half-way, at the first statement that needs the right: CREATE on \
        the database for the ledger and for schemas, CREATE on a schema for tables, views, \
        types and functions.",
    instead: "Grant it before the upgrade.",
    bad: &[Example::of(
        "CREATE ROLE guest;\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;\nSET LOCAL ROLE guest;",
        "CREATE TABLE notes (id bigint PRIMARY KEY);",
    )],
    good: &[Example::of(
        "CREATE ROLE guest;\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;\nGRANT CREATE ON SCHEMA public TO guest;\nSET LOCAL ROLE guest;",
        "CREATE TABLE notes (id bigint PRIMARY KEY);",
    )],
};
