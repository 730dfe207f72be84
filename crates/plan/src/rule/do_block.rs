//! DO blocks.

use super::{Example, ORDERS, Rule, Topic};

/// The rule.
pub(crate) static RULE: Rule = Rule {
    id: "do-block",
    topic: Topic::File,
    allowable: false,
    summary: "DO blocks",
    why: "What a `DO` block does is known only when it runs: it may build a table or rewrite one. \
        So neither its locks nor what it breaks for the older release can be planned.",
    instead: "Write the statements that it would run, with `IF EXISTS` or `IF NOT EXISTS` instead \
        of a condition.",
    bad: &[Example::of(
        ORDERS,
        "DO $$ BEGIN\n  \
         ALTER TABLE orders ADD COLUMN note text;\n\
         EXCEPTION WHEN duplicate_column THEN NULL;\n\
         END $$;",
    )],
    good: &[Example::of(ORDERS, "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;")],
};
