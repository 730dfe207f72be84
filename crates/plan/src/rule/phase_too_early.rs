//! Phase= names a phase before the one that is safe.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "phase-too-early",
    topic: Topic::Directive,
    allowable: false,
    summary: "phase= names a phase before the one that is safe",
    why: "The planner puts a step into the first phase in which it harms nobody. Earlier, it \
        would take away what the older release still uses, or make the new release wait for a \
        scan.",
    instead: "Remove `phase=`, or name a later phase than the planner's. To let something go \
        earlier, say why that is safe: `unused-since=N` for what is dropped, `old-complies \
        because \"…\"` for what is tightened.",
    bad: &[Example::of(
        ORDERS,
        "-- changeover: phase=expand\n\
         ALTER TABLE orders DROP COLUMN status;",
    )],
    good: &[Example::of(
        ORDERS,
        "-- changeover: phase=contract\n\
         CREATE INDEX orders_status ON orders (status);",
    )],
};
