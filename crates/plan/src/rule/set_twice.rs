//! A column that is set by two updates, or read by an earlier one.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "set-twice",
    topic: Topic::Fill,
    allowable: false,
    summary: "a column that is set by two updates, or read by an earlier one",
    why: "Each `UPDATE` becomes a trigger that stays until the contract. Two triggers for one \
        column would overwrite each other, and one that reads what another sets would depend on \
        their order.",
    instead: "Set each column in one `UPDATE`, with a `CASE` where needed, and before others read \
        it.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN label text;\n\
         UPDATE orders SET label = 'open' WHERE status = 'o';\n\
         UPDATE orders SET label = 'closed' WHERE status = 'c';",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN label text;\n\
         UPDATE orders SET label = CASE status WHEN 'o' THEN 'open' WHEN 'c' THEN 'closed' \
         END;",
    )],
};
