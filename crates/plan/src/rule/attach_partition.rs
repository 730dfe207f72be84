//! ATTACH PARTITION of a table that was there before.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "attach-partition",
    topic: Topic::Table,
    allowable: false,
    summary: "ATTACH PARTITION of a table that was there before",
    why: "Attaching scans the table for rows that do not belong there, and all that time the lock \
        keeps others from writing it. Its rows would also have to satisfy what this upgrade does \
        to the partitioned table.",
    instead: "Create the partition with `CREATE TABLE … PARTITION OF`, or attach a table that \
        this upgrade creates. Let the new release move the rows.",
    bad: &[Example::of(
        "CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);\n\
         CREATE TABLE events_2023 (id bigint, day date NOT NULL);",
        "ALTER TABLE events ATTACH PARTITION events_2023 FOR VALUES FROM ('2023-01-01') TO \
         ('2024-01-01');",
    )],
    good: &[Example::of(
        "CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);",
        "CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO \
         ('2025-01-01');",
    )],
};
