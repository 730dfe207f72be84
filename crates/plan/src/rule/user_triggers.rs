//! Filling a table that has triggers of its own.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n\
    CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "user-triggers",
    topic: Topic::Fill,
    allowable: false,
    summary: "filling a table that has triggers of its own",
    why: "The backfill updates every row, so each of your triggers fires for each: an audit table \
        gets millions of rows, or `updated_at` becomes today's date everywhere.",
    instead: "Decide, and write `user-triggers=fire` with the reason if they may fire. Otherwise \
        fill the column in a stop with `--at-once`, between `DISABLE TRIGGER USER` and `ENABLE \
        TRIGGER USER`.",
    bad: &[Example::of(
        BEFORE,
        "ALTER TABLE users ADD COLUMN key text;\n\
         UPDATE users SET key = lower(name);",
    )],
    good: &[Example::of(
        BEFORE,
        "ALTER TABLE users ADD COLUMN key text;\n\
         -- changeover: user-triggers=fire because \"touched only sets seen, which nobody \
         reads\"\n\
         UPDATE users SET key = lower(name);",
    )],
};
