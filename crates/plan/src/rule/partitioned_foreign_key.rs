//! A foreign key of a partitioned table, before PostgreSQL 18.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY);\n\
    CREATE TABLE events (id bigint, day date, user_id bigint, PRIMARY KEY (id, day)) \
    PARTITION BY RANGE (day);\n\
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO \
    ('2025-01-01');";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "partitioned-foreign-key",
    topic: Topic::Constraint,
    allowable: false,
    summary: "a foreign key of a partitioned table, before PostgreSQL 18",
    why: "A foreign key is added `NOT VALID` and validated by a scan that blocks nobody. Before \
        PostgreSQL 18 that is not possible for a partitioned table: the scan would run under a \
        lock that stops all writes.",
    instead: "Add the foreign key to each partition, in a statement of its own. New partitions \
        need it too.",
    bad: &[Example::of(
        BEFORE,
        "ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES \
         users;",
    )
    .before_major(18)],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE events_2024 ADD CONSTRAINT events_user FOREIGN KEY (user_id) \
         REFERENCES users;",
    )],
};
