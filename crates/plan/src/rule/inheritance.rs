//! Tables with children by `INHERITS`, and columns that come from a parent.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "inheritance",
    topic: Topic::Table,
    allowable: false,
    summary: "a statement that reaches a table's parent or children",
    why: "Rows of children belong to queries of the parent, but triggers and indexes of the \
        parent do not reach them. A column of the parent would stay unfilled in its children, \
        and a check of the parent would not see it.",
    instead: "Make the children partitions, or run the upgrade in a stop, with `changeover migrate \
        --at-once`. A child's own columns change as those of any table.",
    bad: &[Example::of(
        "CREATE TABLE event (id bigint PRIMARY KEY, body text);\nCREATE TABLE event_2024 (PRIMARY KEY (id)) INHERITS (event);",
        "ALTER TABLE event ADD COLUMN shout text;",
    )],
    good: &[Example::of(
        "CREATE TABLE event (id bigint PRIMARY KEY, body text);\nCREATE TABLE event_2024 (PRIMARY KEY (id)) INHERITS (event);",
        "ALTER TABLE event_2024 ADD COLUMN shout text;\nUPDATE event_2024 SET shout = upper(body);",
    )],
};
