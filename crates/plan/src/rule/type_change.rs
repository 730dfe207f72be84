//! `type-change`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "type-change",
    topic: Topic::Column,
    allowable: true,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
