//! CREATE TEMPORARY TABLE.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "temporary",
    topic: Topic::Table,
    allowable: false,
    summary: "CREATE TEMPORARY TABLE",
    why: "A temporary table belongs to one session. The next step may run on another connection, \
        hours later, and does not find it.",
    instead: "Create an ordinary table, and drop it in a later migration.",
    bad: &[Example::of("", "CREATE TEMPORARY TABLE import (id bigint);")],
    good: &[Example::of("", "CREATE TABLE import (id bigint PRIMARY KEY);")],
};
