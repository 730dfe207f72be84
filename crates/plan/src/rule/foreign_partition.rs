//! Partitioned tables of which a part is on another server.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "foreign-partition",
    topic: Topic::Table,
    allowable: false,
    summary: "a partitioned table with a part that is a foreign table",
    why: "The rows of a foreign part are on another server: they cannot be filled, locked or \
        indexed from here, and a column that is added here is missing there.",
    instead: "Detach the foreign part in a stop, or run the upgrade with `changeover migrate --at- \
        once`.",
    bad: &[Example::of(
        "CREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;\nCREATE TABLE flows (id bigint, body text) PARTITION BY RANGE (id);\nCREATE FOREIGN TABLE flows_0 PARTITION OF flows FOR VALUES FROM (0) TO (9) SERVER s;",
        "ALTER TABLE flows ADD COLUMN note text;",
    )],
    good: &[Example::of(
        "CREATE TABLE flows (id bigint, body text) PARTITION BY RANGE (id);\nCREATE TABLE flows_0 PARTITION OF flows FOR VALUES FROM (0) TO (9);",
        "ALTER TABLE flows ADD COLUMN note text;",
    )],
};
