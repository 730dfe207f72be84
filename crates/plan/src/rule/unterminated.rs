//! A file in which a quote or a comment is never closed.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "unterminated",
    topic: Topic::File,
    allowable: false,
    summary: "a file in which a quote or a comment is never closed",
    why: "Where a quote is open to the end of the file, it cannot be told where statements begin \
        and end. Nothing of that file is planned.",
    instead: "Close the quote, the dollar quote or the comment that begins on the line that the \
        refusal names.",
    bad: &[Example::of(
        ORDERS,
        "INSERT INTO orders (id, status, total, created_at)\n\
         VALUES (1, 'open, 10, '2024-01-01');",
    )],
    good: &[Example::of(
        ORDERS,
        "INSERT INTO orders (id, status, total, created_at)\n\
         VALUES (1, 'open', 10, '2024-01-01');",
    )],
};
