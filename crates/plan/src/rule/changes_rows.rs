//! INSERT … ON CONFLICT DO UPDATE on a table in use.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE states (name text PRIMARY KEY, rank integer);";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "changes-rows",
    topic: Topic::Rows,
    allowable: false,
    summary: "INSERT … ON CONFLICT DO UPDATE on a table in use",
    why: "Rows that releases use would be changed in one go, and again whenever the step is \
        repeated after a crash.",
    instead: "Write `ON CONFLICT DO NOTHING` to add what is missing. To change rows write an \
        `UPDATE` with `sync=once`.",
    bad: &[Example::of(
        BEFORE,
        "INSERT INTO states VALUES ('open', 1) ON CONFLICT (name) DO UPDATE SET rank = 1;",
    )],
    good: &[
        Example::of(BEFORE, "INSERT INTO states VALUES ('open', 1) ON CONFLICT DO NOTHING;"),
        Example::of(
            BEFORE,
            "-- changeover: sync=once\n\
             UPDATE states SET rank = 1 WHERE name = 'open';",
        ),
    ],
};
