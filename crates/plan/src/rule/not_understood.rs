//! A statement, or a part of one, that the planner does not know.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "not-understood",
    topic: Topic::File,
    allowable: false,
    summary: "a statement, or a part of one, that the planner does not know",
    why: "What the planner does not know, it cannot place: it cannot say which locks the \
        statement takes, how long, and what of the older release breaks. Unknown is unsafe, so \
        the statement is refused and not let through.",
    instead: "Write it with forms that the guide lists, or split it into several statements. Else \
        run the upgrade with `changeover migrate --at-once` in a stop, when no release serves.",
    bad: &[Example::of(ORDERS, "CLUSTER orders USING orders_pkey;")],
    good: &[Example::of(ORDERS, "CREATE INDEX orders_created ON orders (created_at);")],
};
