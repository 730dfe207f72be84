//! Filling a column from the session.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "reads-session",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a column from the session",
    why: "`current_user`, `current_setting` and the like say who is connected. In the backfill \
        that is the migrator, in the trigger the function's owner, never the user who is meant.",
    instead: "Give the column a default, or compute it from columns of the row.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN author text;\n\
         UPDATE orders SET author = current_user;",
    )],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN author text DEFAULT current_user;")],
};
