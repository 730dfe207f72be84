//! CREATE OR REPLACE FUNCTION of a function in use.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str =
    "CREATE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 100';";

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "replaces-function",
    topic: Topic::Object,
    allowable: true,
    summary: "CREATE OR REPLACE FUNCTION of a function in use",
    why: "The older release calls the function by the same name, also through triggers, defaults \
        and indexes, and gets the new behaviour without knowing of it.",
    instead: "Give the new function another name, and drop the old one in a later migration. If \
        the new one does for the older release what it expects, say so by \
        `allow=replaces-function`.",
    bad: &[Example::of(
        BEFORE,
        "CREATE OR REPLACE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS \
         'SELECT $1 / 50';",
    )],
    good: &[
        Example::of(
            BEFORE,
            "CREATE FUNCTION fee_of_2024(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS \
             'SELECT $1 / 50';",
        ),
        Example::of(
            BEFORE,
            "-- changeover: allow=replaces-function because \"the fee is new for all \
             releases\"\n\
             CREATE OR REPLACE FUNCTION fee(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS \
             'SELECT $1 / 50';",
        ),
    ],
};
