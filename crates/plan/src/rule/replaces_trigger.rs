//! CREATE OR REPLACE TRIGGER of a trigger in use.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n\
    CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replaces-trigger",
    topic: Topic::Object,
    allowable: true,
    summary: "CREATE OR REPLACE TRIGGER of a trigger in use",
    why: "The trigger fires for writes of the older release too, which relies on what it did so \
        far.",
    instead: "Give the new trigger another name, and drop the old one in a later migration. If \
        the older release does well with the new one, say so by `allow=replaces-trigger`.",
    bad: &[Example::of(
        BEFORE,
        "CREATE OR REPLACE TRIGGER touched BEFORE INSERT OR UPDATE ON users FOR EACH ROW \
         EXECUTE FUNCTION touch();",
    )
    .since_major(14)],
    good: &[
        Example::of(
            BEFORE,
            "CREATE TRIGGER touched_first BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION \
             touch();",
        ),
        Example::of(
            BEFORE,
            "-- changeover: allow=replaces-trigger because \"2.2 never inserts\"\n\
             CREATE OR REPLACE TRIGGER touched BEFORE INSERT OR UPDATE ON users FOR EACH ROW \
             EXECUTE FUNCTION touch();",
        )
        .since_major(14),
    ],
};
