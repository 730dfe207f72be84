//! `directive`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "directive",
    topic: Topic::Directive,
    allowable: false,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
