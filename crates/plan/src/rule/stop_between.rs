//! A name that is dropped and used again in one upgrade.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "stop-between",
    topic: Topic::Directive,
    allowable: false,
    summary: "a name that is dropped and used again in one upgrade",
    why: "What is dropped goes in contract, once no older release needs it. What is created comes \
        in expand, before the new release serves. So the new thing would have to be there while \
        the old one still has its name.",
    instead: "Give the new one another name. Or upgrade in two steps: stop at the release that \
        drops the old one until its contract steps are done, then go on to the release that \
        creates the new one.",
    bad: &[Example::of(
        ORDERS,
        "ALTER TABLE orders DROP COLUMN status;\n\
         ALTER TABLE orders ADD COLUMN status integer;",
    )],
    good: &[Example::of(
        ORDERS,
        "ALTER TABLE orders ADD COLUMN status_code integer;\n\
         ALTER TABLE orders DROP COLUMN status;",
    )],
};
