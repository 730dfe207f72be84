//! UPDATE with FROM.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text);\n\
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "update-joins",
    topic: Topic::Fill,
    allowable: false,
    summary: "UPDATE with FROM",
    why: "A trigger keeps the column right when its own row is written. When a row of the joined \
        table changes, nothing would fire, and the value would be stale.",
    instead: "Let the new release write the value, or first copy what is needed into a column of \
        this table. Joins come with a later release of Changeover.",
    bad: &[Example::of(
        BEFORE,
        "ALTER TABLE invoices ADD COLUMN customer text;\n\
         UPDATE invoices SET customer = c.name FROM customers c WHERE c.id = customer_id;",
    )],
    good: &[Example::of(BEFORE, "ALTER TABLE invoices ADD COLUMN customer text;")],
};
