//! `read-only`.

use super::{Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "read-only",
    topic: Topic::File,
    allowable: false,
    summary: "The database accepts no writes.",
    why: "A standby, or a database in maintenance, rejects the first step.",
    instead: "Connect to the primary, or end the maintenance.",
    bad: &[],
    good: &[],
};
