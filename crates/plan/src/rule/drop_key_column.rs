//! Dropping a column of the primary key.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "drop-key-column",
    topic: Topic::Column,
    allowable: false,
    summary: "dropping a column of the primary key",
    why: "The primary key would go with the column, and with it what identifies a row: for \
        backfills, for logical replication, for `ON CONFLICT` of the older release.",
    instead: "Replace the primary key in an earlier release: drop the old one, add one over other \
        columns. Then the column can go.",
    bad: &[Example::of(
        "CREATE TABLE stock (site integer, item bigint, PRIMARY KEY (site, item));",
        "ALTER TABLE stock DROP COLUMN site;",
    )],
    good: &[Example::of(
        "CREATE TABLE stock (site integer, item bigint NOT NULL, CONSTRAINT stock_key \
         PRIMARY KEY (site, item));\n\
         CREATE UNIQUE INDEX stock_item ON stock (item);",
        "ALTER TABLE stock DROP CONSTRAINT stock_key;",
    )],
};
