//! An INSERT of more than a thousand rows.

use super::{Example, Rule, Topic};

/// What is there before.
const BEFORE: &str = "CREATE TABLE states (name text PRIMARY KEY, rank integer);";

/// A text ten times.
macro_rules! ten {
    ($text:expr) => {
        concat!($text, $text, $text, $text, $text, $text, $text, $text, $text, $text)
    };
}

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "too-many-rows",
    topic: Topic::Rows,
    allowable: false,
    summary: "an INSERT of more than a thousand rows",
    why: "The rows are inserted in one transaction before the new release serves. The longer it \
        takes, the longer others wait for its locks, and the longer the rollout.",
    instead: "Insert them in several statements of at most 1,000 rows each, or let the new \
        release import them.",
    bad: &[Example::of(
        BEFORE,
        concat!("INSERT INTO states VALUES ", ten!(ten!(ten!("('open', 1), "))), "('closed', 2);"),
    )],
    good: &[Example::of(BEFORE, "INSERT INTO states VALUES ('open', 1), ('closed', 2);")],
};
