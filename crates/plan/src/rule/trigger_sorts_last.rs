//! A trigger that fires after the one that keeps a column filled.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "trigger-sorts-last",
    topic: Topic::Object,
    allowable: false,
    summary: "a trigger that fires after the one that keeps a column filled",
    why: "Triggers of the same kind fire in the order of their names. Changeover's are named \
        `zzzz_changeover_…`, so that they see the row as it will be stored. A `BEFORE` trigger \
        that comes later could still change what was read, and the column would be wrong.",
    instead: "Choose a name that sorts before `zzzz_changeover`. A trigger that is there already: \
        create the same one under such a name and drop the old one, or rename it in a stop with \
        `--at-once`.",
    bad: &[
        Example::of(
            BEFORE,
            "CREATE TRIGGER zzzz_last BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION \
             touch();",
        ),
        Example::of(
            "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; \
             END';\n\
             CREATE TRIGGER zzzz_last BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION \
             touch();",
            "ALTER TABLE users ADD COLUMN key text;\n\
             -- changeover: user-triggers=fire because \"it only sets seen\"\n\
             UPDATE users SET key = lower(name);",
        ),
    ],
    good: &[
        Example::of(
            BEFORE,
            "CREATE TRIGGER last BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();",
        ),
        Example::of(
            "CREATE TABLE users (id bigint PRIMARY KEY, name text, seen timestamptz);\n\
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; \
             END';\n\
             CREATE TRIGGER zzzz_last BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION \
             touch();",
            "CREATE TRIGGER last BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();\n\
             DROP TRIGGER zzzz_last ON users;",
        ),
    ],
};
