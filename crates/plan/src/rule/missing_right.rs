//! `missing-right`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "missing-right",
    topic: Topic::File,
    allowable: false,
    summary: "The migrator lacks a right that the run needs.",
    why: "The run would stop half-way, at the first statement that needs the right.",
    instead: "Grant it before the upgrade.",
    bad: &[],
    good: &[],
};
