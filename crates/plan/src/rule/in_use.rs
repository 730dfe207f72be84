//! `in-use`.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "in-use",
    topic: Topic::Object,
    allowable: false,
    summary: "What is dropped or changed is used by something else.",
    why: "The server refuses to drop what views, policies, foreign keys, defaults, indexes or publications depend on. It would do so only in the contract, after the floor was raised.",
    instead: "Drop or change the dependants in statements before this one. Policies, rules and publications change in a stop.",
    bad: &[Example { before: "CREATE TABLE doc (id bigint PRIMARY KEY, code text UNIQUE); CREATE TABLE r (id bigint PRIMARY KEY, code text REFERENCES doc (code))", migration: "ALTER TABLE doc DROP COLUMN code" }],
    good: &[Example { before: "CREATE TABLE doc (id bigint PRIMARY KEY, code text UNIQUE); CREATE TABLE r (id bigint PRIMARY KEY, code text REFERENCES doc (code))", migration: "ALTER TABLE r DROP CONSTRAINT r_code_fkey; ALTER TABLE doc DROP COLUMN code" }],
};
