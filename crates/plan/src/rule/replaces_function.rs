//! `replaces-function`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replaces-function",
    topic: Topic::Object,
    allowable: true,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
