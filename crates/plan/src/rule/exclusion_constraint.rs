//! An exclusion constraint on a table in use.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "exclusion-constraint",
    topic: Topic::Constraint,
    allowable: false,
    summary: "an exclusion constraint on a table in use",
    why: "The server builds the index of an exclusion constraint under a lock that stops all \
        writes, and has no way to build it concurrently.",
    instead: "Add it in a stop, with `changeover migrate --at-once`. On a table that this upgrade \
        creates it is planned.",
    bad: &[Example::of(
        "CREATE TABLE rooms (id bigint PRIMARY KEY, booked int4range);",
        "ALTER TABLE rooms ADD EXCLUDE USING gist (booked WITH &&);",
    )],
    good: &[Example::of(
        "",
        "CREATE TABLE bookings (id bigint PRIMARY KEY, booked int4range);\n\
         ALTER TABLE bookings ADD EXCLUDE USING gist (booked WITH &&);",
    )],
};
