//! Filling a column by a STABLE function.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "stable-function",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column by a STABLE function",
    why: "A `STABLE` function may read tables or settings. When those change, nothing fires, and \
        the column would be stale. Built-in functions that depend only on settings which \
        Changeover pins are let through.",
    instead: "Use a function that depends on its arguments alone and is declared `IMMUTABLE`.",
    bad: &[Example::of(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
         total integer, created_at timestamptz NOT NULL);\n\
         CREATE FUNCTION rate(integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT \
         count(*)::integer FROM orders';",
        "ALTER TABLE orders ADD COLUMN fee integer;\n\
         UPDATE orders SET fee = rate(total);",
    )],
    good: &[Example::of(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;\n\
         CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
         total integer, created_at timestamptz NOT NULL);\n\
         CREATE FUNCTION rate(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT \
         $1 / 100';",
        "ALTER TABLE orders ADD COLUMN fee integer;\n\
         UPDATE orders SET fee = rate(total);",
    )],
};
