//! `replaces-view`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replaces-view",
    topic: Topic::Object,
    allowable: true,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
