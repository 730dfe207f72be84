//! The planner's mutants: a guard, a check or a rule taken out, and the unit test that must notice.

use super::list::{Edit, Mutant, Test};

const fn planner(name: &'static str) -> Test {
    Test { package: "changeover-plan", target: &["--lib"], name }
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "pending-removals-forgotten",
        what: "what an earlier plan is yet to drop is not remembered",
        edits: &[Edit {
            file: "crates/plan/src/planner/pending.rs",
            from: "                world.records.remove(subject, &provider);",
            to: "                drop(subject);",
        }],
        test: planner("planner::tests::pending::every_open_change_beside_every_new_one"),
    },
    Mutant {
        name: "pending-not-played",
        what: "steps of earlier plans are not played on the catalog",
        edits: &[Edit {
            file: "crates/plan/src/planner/pending.rs",
            from: "            world.apply(&change);",
            to: "",
        }],
        test: planner("planner::tests::columns::steps_of_earlier_plans_are_waited_for"),
    },
    Mutant {
        name: "name-reused-before-drop",
        what: "a name may be used again before its contract step has dropped it",
        edits: &[Edit {
            file: "crates/plan/src/world/placement.rs",
            from: "    if remover.phase <= phase {",
            to: "    if remover.phase <= Phase::Contract {",
        }],
        test: planner("planner::tests::pending::every_open_change_beside_every_new_one"),
    },
    Mutant {
        name: "need-does-not-push-back",
        what: "a step may stand in an earlier phase than what it needs",
        edits: &[Edit {
            file: "crates/plan/src/world/placement.rs",
            from: "        if provider.phase > self.phase {",
            to: "        if false {",
        }],
        test: planner("planner::tests::constraints::constraints"),
    },
    Mutant {
        name: "lock-of-a-change-left-out",
        what: "a step does not take the locks of its changes",
        edits: &[Edit {
            file: "crates/plan/src/world/work.rs",
            from: "                played.locks.extend(",
            to: "                Vec::new().extend(",
        }],
        test: planner("planner::tests::columns::add_column"),
    },
    Mutant {
        name: "trigger-after-backfill",
        what: "the checker lets a trigger come after its backfill",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "            if before.iter().any(|other| is_ours(&other)) {",
            to: "            if false {",
        }],
        test: planner("check::tests::order_phases_and_locks"),
    },
    Mutant {
        name: "backfill-without-check",
        what: "the checker lets a backfill go unchecked",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "            if !after.iter().any(is_check) {",
            to: "            if false && !after.iter().any(is_check) {",
        }],
        test: planner("check::tests::triggers_and_backfills_belong_together"),
    },
    Mutant {
        name: "trigger-never-removed",
        what: "the checker lets a trigger stay for ever",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "            if !after.iter().any(|other| removes(other, install)) {",
            to: "            if false {",
        }],
        test: planner("check::tests::triggers_and_backfills_belong_together"),
    },
    Mutant {
        name: "contract-without-floor",
        what: "the checker lets a contract step have no floor",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "    if (step.phase == Phase::Contract) != step.floor.is_some() {",
            to: "    if false {",
        }],
        test: planner("check::tests::order_phases_and_locks"),
    },
    Mutant {
        name: "blocking-lock-for-long",
        what: "the checker lets a lock that blocks be held for a whole step",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "        if lock.mode.blocks_service() && lock.held != LockHeld::Blink {",
            to: "        if false {",
        }],
        test: planner("check::tests::order_phases_and_locks"),
    },
    Mutant {
        name: "column-drops-without-trigger",
        what: "the checker lets a column go and its trigger stay",
        edits: &[Edit {
            file: "crates/plan/src/check/mod.rs",
            from: "                    && install.columns.contains(&drop.column)\n                    && !trigger_gone =>",
            to: "                    && install.columns.contains(&drop.column)\n                    && trigger_gone && false =>",
        }],
        test: planner("check::tests::triggers_and_backfills_belong_together"),
    },
    Mutant {
        name: "not-null-without-default",
        what: "a NOT NULL column without default is added",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/add_column.rs",
            from: "    } else if column.not_null {",
            to: "    } else if false {",
        }],
        test: planner("planner::tests::columns::columns_that_would_rewrite_or_break_are_refused"),
    },
    Mutant {
        name: "dropped-column-not-loosened",
        what: "a NOT NULL column that goes is not loosened first",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/drop_column.rs",
            from: "    loosen(work, relation, found, &title)?;",
            to: "",
        }],
        test: planner("planner::tests::columns::drop_column"),
    },
    Mutant {
        name: "source-dropped-silently",
        what: "a column from which others are computed goes without a word",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/drop_column.rs",
            from: "    source_is_still_written(work, &syncs, column, &title)?;",
            to: "",
        }],
        test: planner("planner::tests::columns::columns_that_would_rewrite_or_break_are_refused"),
    },
    Mutant {
        name: "clock-in-a-trigger",
        what: "an expression that reads the clock is computed by a trigger",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/expression.rs",
            from: "    changing(expression)?;",
            to: "",
        }],
        test: planner("planner::tests::sync::what_a_trigger_cannot_keep_right_is_refused_by_name"),
    },
    Mutant {
        name: "volatile-in-a-trigger",
        what: "a function of any volatility is computed by a trigger",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/expression.rs",
            from: "        callable(catalog, call)?;",
            to: "        drop(callable(catalog, call));",
        }],
        test: planner("planner::tests::sync::what_a_trigger_cannot_keep_right_is_refused_by_name"),
    },
    Mutant {
        name: "cascade-taken",
        what: "CASCADE is taken as written",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/drop_object.rs",
            from: "    if drop.cascade {",
            to: "    if false {",
        }],
        test: planner("planner::tests::objects::statements_that_are_refused_as_they_are"),
    },
    Mutant {
        name: "way-back-is-run",
        what: "the way back of a file with both ways is run",
        edits: &[Edit {
            file: "crates/plan/src/source/sections.rs",
            from: "(leads_forward || begins(line, up)) && !begins(line, down)",
            to: "leads_forward || begins(line, up)",
        }],
        test: planner("source::sections::tests::only_the_way_there_is_read"),
    },
    Mutant {
        name: "gap-overlooked",
        what: "a number that is missing is not noticed",
        edits: &[Edit {
            file: "crates/plan/src/source/mod.rs",
            from: "pair[1].number != pair[0].number + 1",
            to: "false",
        }],
        test: planner("source::tests::what_does_not_fit_is_named_with_a_remedy"),
    },
    Mutant {
        name: "mistyped-directive",
        what: "a directive that is not known is passed over",
        edits: &[Edit {
            file: "crates/plan/src/sql/directive.rs",
            from: "                return Err(fault(\n                    format!(\"the directive `{order}` is not known\"),",
            to: "                return Ok(());\n                #[expect(unreachable_code)]\n                return Err(fault(\n                    format!(\"the directive `{order}` is not known\"),",
        }],
        test: planner("sql::directive::tests::what_is_mistyped_or_misplaced_is_refused"),
    },
    Mutant {
        name: "tightens-online",
        what: "a constraint is added while older releases may break it",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/tightening.rs",
            from: "            Phase::Contract,",
            to: "            Phase::Online,",
        }],
        test: planner("planner::tests::constraints::constraints"),
    },
    Mutant {
        name: "unique-index-online",
        what: "a unique index is built while older releases may break it",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/create_index.rs",
            from: "            (Phase::Contract, format!",
            to: "            (Phase::Online, format!",
        }],
        test: planner("planner::tests::constraints::indexes"),
    },
    Mutant {
        name: "users-triggers-fire",
        what: "a backfill fires triggers of users without asking",
        edits: &[Edit {
            file: "crates/plan/src/rewrite/obstacle/firing.rs",
            from: "    if firing.is_empty() || decided {",
            to: "    if firing.is_empty() || decided || !firing.is_empty() {",
        }],
        test: planner("planner::tests::sync::users_triggers_and_row_security_ask_for_a_decision"),
    },
];
