//! What is dropped or changed although something else needs it.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "in-use",
    topic: Topic::Object,
    allowable: false,
    summary: "a drop of what something else depends on",
    why: "The server refuses to drop what views, policies, foreign keys, defaults, indexes or \
        publications depend on, and to change the type of a column that they read. It would \
        say so only in the contract, after the floor was raised.",
    instead: "Drop or change the dependants in statements before this one. Policies, rules and \
        publications change in a stop, with `changeover migrate --at-once`.",
    bad: &[Example::of(
        "CREATE TABLE docs (id bigint PRIMARY KEY, code text UNIQUE);\nCREATE TABLE links (id bigint PRIMARY KEY, code text REFERENCES docs (code) ON UPDATE CASCADE);",
        "ALTER TABLE docs DROP COLUMN code;",
    )],
    good: &[Example::of(
        "CREATE TABLE docs (id bigint PRIMARY KEY, code text UNIQUE);\nCREATE TABLE links (id bigint PRIMARY KEY, code text REFERENCES docs (code) ON UPDATE CASCADE);",
        "ALTER TABLE links DROP CONSTRAINT links_code_fkey;\nALTER TABLE docs DROP COLUMN code;",
    )],
};
