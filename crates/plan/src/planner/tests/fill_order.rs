//! What is built on a column that is filled: after the fill.

use super::{ORDERS, planned};
use crate::model::step::StepKind;

/// An index on a filled column would be written at every row, and none of the updates could be a HOT one. What a
/// file has in front of the update is built in front of it all the same: steps are not reordered.
#[test]
fn a_column_is_filled_before_the_indexes_behind_its_update() {
    let update = "UPDATE orders SET started = to_timestamp((payload->>'start')::float8);";
    let indexing = [
        "CREATE INDEX x ON orders (started);",
        "CREATE UNIQUE INDEX x ON orders (started);",
        "CREATE INDEX x ON orders (id) WHERE started IS NOT NULL;",
        "CREATE INDEX x ON orders (id) INCLUDE (started);",
        "CREATE INDEX x ON orders (date_part('year', started AT TIME ZONE 'UTC'));",
    ];
    for index in indexing {
        let text = format!("ALTER TABLE orders ADD COLUMN started timestamptz;\n{update}\n{index}");
        let plan = planned(ORDERS, &text);
        let at =
            |wanted: fn(&StepKind) -> bool| plan.steps.iter().position(|step| wanted(&step.kind));
        let (Some(filled), Some(built)) = (
            at(|kind| matches!(kind, StepKind::Backfill(_))),
            at(|kind| matches!(kind, StepKind::IndexBuild(_))),
        ) else {
            panic!("{text}: {:?}", plan.refusals)
        };
        assert!(filled < built, "{text}");
    }
}
