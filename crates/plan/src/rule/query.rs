//! SELECT and CALL in a migration.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "query",
    topic: Topic::File,
    allowable: false,
    summary: "SELECT and CALL in a migration",
    why: "A query either changes nothing, and then an upgrade does not need it; or it calls \
        functions that change something, and then nobody can see what.",
    instead: "Remove it, or write what the function does as statements of the migration.",
    bad: &[Example::of(ORDERS, "SELECT count(*) FROM orders;")],
    good: &[Example::of(ORDERS, "CREATE INDEX orders_status ON orders (status);")],
};
