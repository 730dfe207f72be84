//! An expression that needs a schema where others may make functions.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "open-schema",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column by a function or type of a schema where others may make functions",
    why: "The trigger and the backfill compute the value with the rights of the tables' owner. \
        A role that may create functions in the schema could make one that fits better, \
        `lower(varchar)` beside `lower(text)`, and it would run as the owner.",
    instead: "`REVOKE CREATE ON SCHEMA public FROM PUBLIC` (the default since PostgreSQL 15).",
    bad: &[Example::of(
        "GRANT CREATE ON SCHEMA public TO PUBLIC;\n\
         CREATE TABLE orders (id bigint PRIMARY KEY, total integer);\n\
         CREATE FUNCTION rate(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT \
         $1 / 100';",
        "ALTER TABLE orders ADD COLUMN fee integer;\n\
         UPDATE orders SET fee = rate(total);",
    )],
    good: &[Example::of(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;\n\
         CREATE TABLE orders (id bigint PRIMARY KEY, total integer);\n\
         CREATE FUNCTION rate(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT \
         $1 / 100';",
        "ALTER TABLE orders ADD COLUMN fee integer;\n\
         UPDATE orders SET fee = rate(total);",
    )],
};
