//! `set-twice`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "set-twice",
    topic: Topic::Fill,
    allowable: false,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
