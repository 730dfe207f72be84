//! `foreign-partition`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "foreign-partition",
    topic: Topic::Table,
    allowable: false,
    summary: "A part of the table is a foreign table.",
    why: "The rows of a foreign part are on another server: they cannot be filled, locked or indexed from here.",
    instead: "Detach the foreign part in a stop, or run the upgrade with --at-once.",
    bad: &[],
    good: &[],
};
