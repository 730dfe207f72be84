//! `fills-referenced`.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "fills-referenced",
    topic: Topic::Fill,
    allowable: false,
    summary: "A foreign key points to the column that is filled.",
    why: "Each filled row would change rows of other tables (ON UPDATE CASCADE), or be rejected because they point to it.",
    instead: "Fill a new column, and let a new foreign key point to that.",
    bad: &[Example { before: "CREATE TABLE doc (id bigint PRIMARY KEY, code text UNIQUE); CREATE TABLE r (id bigint PRIMARY KEY, code text REFERENCES doc (code) ON UPDATE CASCADE)", migration: "-- changeover: sync=once
UPDATE doc SET code = 'x' WHERE id = 7" }],
    good: &[Example { before: "CREATE TABLE doc (id bigint PRIMARY KEY, code text UNIQUE); CREATE TABLE r (id bigint PRIMARY KEY, code text REFERENCES doc (code) ON UPDATE CASCADE)", migration: "ALTER TABLE doc ADD COLUMN slug text; UPDATE doc SET slug = lower(code)" }],
};
