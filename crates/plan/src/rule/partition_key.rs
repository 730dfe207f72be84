//! Dropping or filling a column of the partition key.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE events (id bigint, day date, PRIMARY KEY (id, day)) PARTITION \
    BY RANGE (day);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "partition-key",
    topic: Topic::Column,
    allowable: false,
    summary: "dropping or filling a column of the partition key",
    why: "The partition key decides in which partition a row lives. Dropping it is impossible; \
        changing it moves rows between partitions, which readers would see twice or not at all.",
    instead: "Fill a new column instead. For another key create a new table, and let the new \
        release move the rows.",
    bad: &[
        Example::of(BEFORE, "ALTER TABLE events DROP COLUMN day;"),
        Example::of(
            "CREATE TABLE events (id bigint, day date, at date, PRIMARY KEY (id, day)) \
             PARTITION BY RANGE (day);",
            "-- changeover: sync=once\n\
             UPDATE events SET day = at;",
        ),
    ],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE events ADD COLUMN month integer;\n\
         UPDATE events SET month = extract(month FROM day)::integer;",
    )],
};
