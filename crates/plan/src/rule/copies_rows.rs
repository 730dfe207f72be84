//! INSERT … SELECT.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "copies-rows",
    topic: Topic::Rows,
    allowable: false,
    summary: "INSERT … SELECT",
    why: "Rows are copied once. What the older release writes after that is missing from the \
        copy, and one statement over a big table holds its snapshot for minutes.",
    instead: "Insert values that you know by `VALUES`. Copy rows in the new release, in small \
        portions, and again until nothing is left; or add a column to the table instead of a \
        second table.",
    bad: &[Example::of(
        "CREATE TABLE customers (id bigint PRIMARY KEY, name text);\n\
         CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint);\n\
         CREATE TABLE names (id bigint PRIMARY KEY, name text);",
        "INSERT INTO names SELECT id, name FROM customers;",
    )],
    good: &[Example::of(
        "CREATE TABLE states (name text PRIMARY KEY, rank integer);",
        "INSERT INTO states VALUES ('open', 1), ('closed', 2);",
    )],
};
