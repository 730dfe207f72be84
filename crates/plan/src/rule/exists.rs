//! Creating what is there already.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "exists",
    topic: Topic::Table,
    allowable: false,
    summary: "creating what is there already",
    why: "The server would refuse the statement in the middle of the upgrade. Often the file was \
        written against another state of the schema, or two branches have added the same thing.",
    instead: "Give the new one another name, or remove the statement. With `IF NOT EXISTS` it \
        becomes a step that does nothing, which is right where some databases have the thing and \
        others do not.",
    bad: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN status text;")],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN IF NOT EXISTS status text;")],
};
