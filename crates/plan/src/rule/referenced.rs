//! Dropping what a foreign key points to.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE customers (id bigint PRIMARY KEY);\n\
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint CONSTRAINT \
    invoices_customer REFERENCES customers);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "referenced",
    topic: Topic::Table,
    allowable: false,
    summary: "dropping what a foreign key points to",
    why: "The server refuses to drop a table or a key while a foreign key refers to it. In an \
        upgrade this would come to light in contract, after the floor was raised.",
    instead: "Drop the foreign key in a statement before this one.",
    bad: &[Example::of(BEFORE, "DROP TABLE customers;")],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE invoices DROP CONSTRAINT invoices_customer;\n\
         DROP TABLE customers;",
    )],
};
