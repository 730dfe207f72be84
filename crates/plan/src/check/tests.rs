//! Each rule of the checker, by breaking a sound plan.

use super::check;
use crate::{
    change::Change,
    model::{
        identifier::QualifiedName,
        lock::LockHeld,
        plan::Plan,
        step::{Phase, StepId, StepKind},
    },
    planner::tests::{ORDERS, planned},
};

const SOUND: &str = "alter table orders add column n text; update orders set n = status;
    alter table orders alter column n set not null;
    alter table orders drop column nick";

/// The checker's messages after the plan was changed.
fn broken(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = planned(ORDERS, SOUND);
    assert!(plan.refusals.is_empty() && check(&plan, &[]).is_empty());
    change(&mut plan);
    let found: Vec<String> = check(&plan, &[]).iter().map(ToString::to_string).collect();
    found.join("\n")
}

fn at(plan: &Plan, id: &str) -> usize {
    plan.steps.iter().position(|step| step.id.as_str() == id).unwrap()
}

#[test]
fn order_phases_and_locks() {
    let all = [
        broken(|plan| plan.steps[2].id = StepId::from("0002.1.add_column")),
        broken(|plan| plan.steps[0].needs.push(StepId::from("0009.1.x"))),
        broken(|plan| plan.steps.reverse()),
        broken(|plan| plan.steps.last_mut().unwrap().floor = None),
        broken(|plan| plan.steps[0].before_serving = false),
        broken(|plan| plan.steps[0].locks[0].held = LockHeld::WholeStep),
    ];
    insta::assert_snapshot!(all.join("\n--\n"), @r"
    0002.1.add_column: its id comes twice
    0002.2.check: needs 0002.2.backfill, which does not come before it
    0002.1.add_column: no check follows the backfill
    --
    0002.1.add_column: needs 0009.1.x, which does not come before it
    --
    0002.3.set_not_null: needs 0002.1.add_column, which does not come before it
    0002.3.set_not_null: needs 0002.3.not_null_validate, which does not come before it
    0002.3.not_null_validate: needs 0002.3.not_null_check, which does not come before it
    0002.3.not_null_check: needs 0002.1.add_column, which does not come before it
    0002.3.not_null_check: needs 0002.2.check, which does not come before it
    0002.2.sync_drop: needs 0002.2.check, which does not come before it
    0002.2.sync_drop: needs 0002.2.sync, which does not come before it
    0002.2.check: stands after a step of a later phase
    0002.2.check: needs 0002.2.backfill, which does not come before it
    0002.2.backfill: needs 0002.1.add_column, which does not come before it
    0002.2.backfill: needs 0002.2.sync, which does not come before it
    0002.2.sync: stands after a step of a later phase
    0002.2.sync: needs 0002.1.add_column, which does not come before it
    0002.2.check: checks what no backfill has filled
    0002.2.sync: the trigger is installed after the backfill
    0002.2.sync: no backfill follows the trigger
    0002.3.set_not_null: constrains a column before its trigger is there
    --
    0002.4.drop_column: a contract step, and only that, has a floor
    --
    0002.1.add_column: an expand step comes before serving
    --
    0002.1.add_column: holds ACCESS EXCLUSIVE on orders for longer than a blink
    ");
}

/// A column of the same name in another table is another column.
#[test]
fn a_column_is_one_of_its_table() {
    let constrained_first = |table: &str| {
        broken(|plan| {
            let tightening = at(plan, "0002.3.set_not_null");
            let mut step = plan.steps.remove(tightening);
            if let StepKind::Ddl(ddl) = &mut step.kind {
                for change in &mut ddl.changes {
                    if let Change::AlterNotNull(alter) = change {
                        alter.table = QualifiedName::new("public", table);
                    }
                }
            }
            plan.steps.insert(0, step);
        })
    };
    let found = "constrains a column before its trigger is there";
    assert!(constrained_first("orders").contains(found));
    assert!(!constrained_first("other").contains(found));
}

#[test]
fn triggers_and_backfills_belong_together() {
    let all = [
        broken(|plan| {
            let fill = at(plan, "0002.2.backfill");
            plan.steps.remove(fill);
        }),
        broken(|plan| {
            let check = at(plan, "0002.2.check");
            plan.steps.remove(check);
        }),
        broken(|plan| {
            let drop = at(plan, "0002.2.sync_drop");
            plan.steps.remove(drop);
        }),
        broken(|plan| {
            let drop = at(plan, "0002.2.sync_drop");
            let StepKind::SyncDrop(sync) = &mut plan.steps[drop].kind else { panic!() };
            sync.statements.clear();
            sync.trigger = "other".into();
        }),
        broken(|plan| {
            let mut set = plan.steps.remove(at(plan, "0002.3.set_not_null"));
            (set.phase, set.floor, set.before_serving) = (Phase::Expand, None, true);
            set.needs.clear();
            plan.steps.insert(0, set);
        }),
        broken(|plan| {
            let drop = at(plan, "0002.4.drop_column");
            let StepKind::Ddl(ddl) = &mut plan.steps[drop].kind else { panic!() };
            let Change::DropColumn(change) = &mut ddl.changes[0] else { panic!() };
            change.column = "n".into();
            let drop = plan.steps.remove(drop);
            plan.steps.insert(at(plan, "0002.2.sync_drop"), drop);
        }),
    ];
    insta::assert_snapshot!(all.join("\n--\n"), @r"
    0002.2.check: needs 0002.2.backfill, which does not come before it
    0002.2.sync: no backfill follows the trigger
    0002.2.check: checks what no backfill has filled
    --
    0002.2.sync_drop: needs 0002.2.check, which does not come before it
    0002.3.not_null_check: needs 0002.2.check, which does not come before it
    0002.2.backfill: no check follows the backfill
    --
    0002.2.sync: no step removes the trigger again
    --
    0002.2.sync: no step removes the trigger again
    --
    0002.3.set_not_null: constrains a column before its trigger is there
    --
    0002.4.drop_column: drops a column whose trigger stays
    ");
}

#[test]
fn a_trigger_that_goes_with_a_column_is_removed_by_that_step() {
    let two = "alter table orders add column a text; update orders set a = lower(nick);
        alter table orders add column b text; update orders set b = md5(nick);
        -- changeover: allow=drops-source because \"it goes on writing it\"
        alter table orders drop column nick";
    let mut plan = planned(ORDERS, two);
    assert!(plan.refusals.is_empty() && check(&plan, &[]).is_empty());
    let drop = at(&plan, "0002.5.drop_column");
    let StepKind::SyncDrop(sync) = &mut plan.steps[drop].kind else { panic!() };
    assert_eq!(sync.other_triggers.len(), 1);
    // The statements still name it: what counts is what the step says that it removes.
    sync.other_triggers.clear();
    let found: Vec<String> = check(&plan, &[]).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["0002.4.sync: no step removes the trigger again"]);
}
