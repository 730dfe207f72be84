//! Row security and policies of a table in use.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "row-security",
    topic: Topic::Table,
    allowable: false,
    summary: "row security and policies of a table in use",
    why: "Policies decide which rows a release sees and may write. A change takes effect for the \
        older release at once: it may miss rows or have its writes refused, without an error that \
        names the reason.",
    instead: "On a table that this upgrade creates, policies are planned. On one that is in use, \
        change them in a stop, with `changeover migrate --at-once`.",
    bad: &[
        Example::of(ORDERS, "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"),
        Example::of(ORDERS, "CREATE POLICY own ON orders USING (status = current_user);"),
    ],
    good: &[Example::of(
        "",
        "CREATE TABLE notes (id bigint PRIMARY KEY, author text);\n\
         ALTER TABLE notes ENABLE ROW LEVEL SECURITY;\n\
         CREATE POLICY own ON notes USING (author = current_user);",
    )],
};
