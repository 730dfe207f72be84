//! A unique or primary key of a partitioned table.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str =
    "CREATE TABLE events (id bigint NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "partitioned-key",
    topic: Topic::Constraint,
    allowable: false,
    summary: "a unique or primary key of a partitioned table",
    why: "A key is added from an index that was built concurrently. A partitioned table cannot \
        take over such an index, so the server would build it under a lock that stops all writes.",
    instead: "Write `CREATE UNIQUE INDEX`: it is built part by part without blocking, and serves \
        `ON CONFLICT` as well. It has to contain the partition key.",
    bad: &[Example::of(BEFORE, "ALTER TABLE events ADD UNIQUE (id, day);")],
    good: &[Example::of(BEFORE, "CREATE UNIQUE INDEX events_key ON events (id, day);")],
};
