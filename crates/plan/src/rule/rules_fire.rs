//! `rules-fire`.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "rules-fire",
    topic: Topic::Fill,
    allowable: false,
    summary: "A rule of the table fires for every row that is filled.",
    why: "A rule on UPDATE rewrites every batch of the backfill: it writes rows that nobody asked for, or swallows the batch, which then never ends.",
    instead: "Replace the rule by a trigger in an earlier release, or disable it in a stop.",
    bad: &[Example { before: "CREATE TABLE big (id bigint PRIMARY KEY, v int); CREATE TABLE hist (LIKE big); CREATE RULE r AS ON UPDATE TO big DO ALSO INSERT INTO hist VALUES (NEW.id, NEW.v)", migration: "ALTER TABLE big ADD COLUMN w int; UPDATE big SET w = v" }],
    good: &[Example { before: "CREATE TABLE big (id bigint PRIMARY KEY, v int); CREATE TABLE hist (LIKE big); CREATE RULE r AS ON DELETE TO big DO ALSO INSERT INTO hist VALUES (OLD.id, OLD.v)", migration: "ALTER TABLE big ADD COLUMN w int; UPDATE big SET w = v" }],
};
