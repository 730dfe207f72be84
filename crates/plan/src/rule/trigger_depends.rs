//! `trigger-depends`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "trigger-depends",
    topic: Topic::Column,
    allowable: false,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
