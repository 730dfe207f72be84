//! SET, RESET and set_config.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "setting",
    topic: Topic::File,
    allowable: false,
    summary: "SET, RESET and set_config",
    why: "The statements of a file become steps that run at different times, on different \
        connections, and perhaps by another instance after a crash. What one statement sets for \
        its session does not reach the others.",
    instead: "Remove it. The engine sets timeouts, the search path and the formats of each step \
        itself. Write a schema into the names where you wanted another search path.",
    bad: &[Example::of(
        ORDERS,
        "SET lock_timeout = '2s';\n\
         ALTER TABLE orders ADD COLUMN note text;",
    )],
    good: &[Example::of(ORDERS, "ALTER TABLE public.orders ADD COLUMN note text;")],
};
