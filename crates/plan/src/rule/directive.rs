//! A directive that is unknown, malformed or without effect.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "directive",
    topic: Topic::Directive,
    allowable: false,
    summary: "a directive that is unknown, malformed or without effect",
    why: "A directive (`-- changeover: key=value` before a statement) overrides what the planner \
        would do. If a mistyped one were ignored, the default would silently stay in force: a \
        column would be dropped an upgrade too late, or a reviewed promise would not count.",
    instead: "Compare it with the table of directives in the guide. A directive stands on a line \
        of its own, directly before the statement that it is meant for, and `because \"…\"` gives \
        the reason where one is asked for. `allow=` takes only rules that may be allowed: \
        `changeover rules` marks them.",
    bad: &[
        Example::of(
            ORDERS,
            "-- changeover: unusd-since=2\n\
             ALTER TABLE orders DROP COLUMN status;",
        ),
        Example::of(
            ORDERS,
            "-- changeover: before-serving\n\
             ALTER TABLE orders ADD COLUMN note text;",
        ),
        Example::of(
            ORDERS,
            "-- changeover: allow=no-primary-key because \"it is small\"\n\
             ALTER TABLE orders ADD COLUMN note text;",
        ),
    ],
    good: &[Example::of(
        ORDERS,
        "-- changeover: unused-since=2\n\
         ALTER TABLE orders DROP COLUMN status;",
    )],
};
