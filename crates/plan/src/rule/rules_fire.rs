//! A backfill of a table with a rule on UPDATE.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "rules-fire",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a table with a rule on UPDATE",
    why: "A rule on UPDATE rewrites every batch of the backfill: it writes rows that nobody \
        asked for, or swallows the batch, which then never ends.",
    instead: "Replace the rule by a trigger in an earlier release, or disable it in a stop.",
    bad: &[Example::of(
        "CREATE TABLE big (id bigint PRIMARY KEY, v int);\nCREATE TABLE hist (LIKE big);\nALTER TABLE big ADD COLUMN w int;\nCREATE RULE big_log AS ON UPDATE TO big DO ALSO INSERT INTO hist VALUES (NEW.id, NEW.v);",
        "-- changeover: sync=derived\nUPDATE big SET w = v;",
    )],
    good: &[Example::of(
        "CREATE TABLE big (id bigint PRIMARY KEY, v int);\nCREATE TABLE hist (LIKE big);\nCREATE RULE big_log AS ON DELETE TO big DO ALSO INSERT INTO hist VALUES (OLD.id, OLD.v);",
        "ALTER TABLE big ADD COLUMN w int;\nUPDATE big SET w = v;",
    )],
};
