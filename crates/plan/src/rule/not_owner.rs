//! `not-owner`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "not-owner",
    topic: Topic::Table,
    allowable: false,
    summary: "The table belongs to a role as which the migrator may not act.",
    why: "Only the owner of a table, or a member of that role, may alter, index or drop it.",
    instead: "Make the migrator a member of the owner, or give it the table.",
    bad: &[],
    good: &[],
};
