//! Filling a column by a sub-select.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text);\n\
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "reads-other-rows",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column by a sub-select",
    why: "A trigger keeps the column right when its own row is written. When the other row \
        changes, nothing would fire, and the value would be stale.",
    instead: "Let the new release write the value, or first copy what is needed into a column of \
        this table. Joins come with a later release of Changeover.",
    bad: &[Example::of(
        BEFORE,
        "ALTER TABLE invoices ADD COLUMN customer text;\n\
         UPDATE invoices SET customer = (SELECT name FROM customers WHERE customers.id = \
         customer_id);",
    )],
    good: &[Example::of(BEFORE, "ALTER TABLE invoices ADD COLUMN customer text;")],
};
