//! DELETE, TRUNCATE and MERGE on a table in use.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "removes-rows",
    topic: Topic::Rows,
    allowable: false,
    summary: "DELETE, TRUNCATE and MERGE on a table in use",
    why: "The rows go while the older release serves, which may need them; no going back brings \
        them back. A big `DELETE` locks many rows, and `TRUNCATE` stops all reads.",
    instead: "Let the new release remove the rows in small portions, once no older one needs \
        them. Or do it in a stop, with `--at-once`. If the whole table is not needed any more, \
        drop it: that waits until no older release needs it.",
    bad: &[
        Example::of(ORDERS, "DELETE FROM orders WHERE status = 'cancelled';"),
        Example::of(ORDERS, "TRUNCATE orders;"),
    ],
    good: &[Example::of(ORDERS, "DROP TABLE orders;")],
};
