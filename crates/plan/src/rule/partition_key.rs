//! `partition-key`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "partition-key",
    topic: Topic::Column,
    allowable: false,
    summary: "",
    why: "",
    instead: "",
    bad: &[],
    good: &[],
};
