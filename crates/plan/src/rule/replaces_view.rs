//! CREATE OR REPLACE VIEW of a view in use.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, status text,\n  \
    total integer, created_at timestamptz NOT NULL);\n\
    CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE status = 'open';";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replaces-view",
    topic: Topic::Object,
    allowable: true,
    summary: "CREATE OR REPLACE VIEW of a view in use",
    why: "The older release reads the view by the same name and gets what the new one means by \
        it: other rows, or more columns.",
    instead: "Give the new view another name, and drop the old one in a later migration. If the \
        older release finds in the new view all that it expects, say so by `allow=replaces-view`.",
    bad: &[Example::of(
        BEFORE,
        "CREATE OR REPLACE VIEW open_orders AS SELECT id, total FROM orders WHERE status \
         IN ('open', 'held');",
    )],
    good: &[
        Example::of(
            BEFORE,
            "CREATE VIEW unpaid_orders AS SELECT id, total FROM orders WHERE status IN \
             ('open', 'held');",
        ),
        Example::of(
            BEFORE,
            "-- changeover: allow=replaces-view because \"2.2 shows held orders as open, as it \
             should\"\n\
             CREATE OR REPLACE VIEW open_orders AS SELECT id, total FROM orders WHERE status \
             IN ('open', 'held');",
        ),
    ],
};
