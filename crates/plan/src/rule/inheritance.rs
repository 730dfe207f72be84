//! `inheritance`.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "inheritance",
    topic: Topic::Table,
    allowable: false,
    summary: "A statement about a table reaches its parent or its children by INHERITS.",
    why: "Rows of children belong to queries of the parent, but triggers and indexes of the parent do not reach them. A column of the parent would stay unfilled in its children, and a check of the parent would not see it.",
    instead: "Make the children partitions, or run the upgrade in a stop with --at-once. A child's own columns can be changed as those of any table.",
    bad: &[Example { before: "CREATE TABLE event (id bigint PRIMARY KEY, body text); CREATE TABLE event_2024 (PRIMARY KEY (id)) INHERITS (event)", migration: "ALTER TABLE event ADD COLUMN shout text; UPDATE event SET shout = upper(body)" }],
    good: &[Example { before: "CREATE TABLE event (id bigint PRIMARY KEY, body text); CREATE TABLE event_2024 (PRIMARY KEY (id)) INHERITS (event)", migration: "ALTER TABLE event_2024 ADD COLUMN shout text; UPDATE event_2024 SET shout = upper(body)" }],
};
