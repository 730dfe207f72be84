//! `existing-target`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "existing-target",
    topic: Topic::Fill,
    allowable: false,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
