//! Filling a table whose row security also binds its owner.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "forced-row-security",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a table whose row security also binds its owner",
    why: "With `FORCE ROW LEVEL SECURITY` the policies hold for the owner too, under which the \
        backfill runs. It would not see all rows, and pass the hidden ones over.",
    instead: "Only a stop helps: write `NO FORCE ROW LEVEL SECURITY` in an earlier migration and \
        run that one with `changeover migrate --at-once`. The policies of all other roles stay in \
        force. Or let the new release write the value.",
    bad: &[Example::of(
        "CREATE TABLE accounts (id bigint PRIMARY KEY, tenant text);\n\
         ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;\n\
         ALTER TABLE accounts FORCE ROW LEVEL SECURITY;",
        "ALTER TABLE accounts ADD COLUMN key text;\n\
         UPDATE accounts SET key = lower(tenant);",
    )],
    good: &[Example::of(
        "CREATE TABLE accounts (id bigint PRIMARY KEY, tenant text);\n\
         ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;",
        "ALTER TABLE accounts ADD COLUMN key text;\n\
         UPDATE accounts SET key = lower(tenant);",
    )],
};
