//! Databases that accept no writes.

use super::{Example, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "read-only",
    topic: Topic::File,
    allowable: false,
    summary: "a database that accepts no writes",
    why: "A standby, or a database in maintenance (`default_transaction_read_only`), rejects the \
        first step, after instances have begun to wait for it.",
    instead: "Connect to the primary, or end the maintenance, or set it off for the role that \
        migrates.",
    bad: &[Example::of(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$;",
        "CREATE TABLE notes (id bigint PRIMARY KEY);",
    )],
    good: &[Example::of("", "CREATE TABLE notes (id bigint PRIMARY KEY);")],
};
