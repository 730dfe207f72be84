//! CASCADE.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE customers (id bigint PRIMARY KEY);\n\
    CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id bigint CONSTRAINT \
    invoices_customer REFERENCES customers);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "cascade",
    topic: Topic::Table,
    allowable: false,
    summary: "CASCADE",
    why: "`CASCADE` drops what depends on the thing too: views, foreign keys, policies. Which \
        ones, only the server knows at the moment of the drop, and a release that serves may use \
        any of them.",
    instead: "Drop each dependant by its name, in statements before this one. Then the plan shows \
        what goes, and when.",
    bad: &[Example::of(BEFORE, "DROP TABLE customers CASCADE;")],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE invoices DROP CONSTRAINT invoices_customer;\n\
         DROP TABLE customers;",
    )],
};
