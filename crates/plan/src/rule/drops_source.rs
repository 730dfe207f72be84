//! `drops-source`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "drops-source",
    topic: Topic::Column,
    allowable: true,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
