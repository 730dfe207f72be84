//! With all guards every law holds in every state; without any one of them a law breaks.

use changeover_model::{Fleet, Guard, explore};

fn holds(fleet: Fleet) {
    let found = explore::everything(fleet);
    assert!(found.broken.is_empty(), "{fleet:?}: {:#?}", found.broken);
    for (goal, length) in found.reached {
        assert!(length.is_some(), "{fleet:?} never reaches: {goal}");
    }
}

#[test]
fn one_old_and_two_new_break_no_law() {
    holds(Fleet::OneOld);
}

#[test]
fn two_old_and_one_new_break_no_law() {
    holds(Fleet::TwoOld);
}

#[test]
fn each_guard_is_needed() {
    for guard in Guard::ALL {
        let broken = explore::without(Fleet::OneOld, guard);
        assert!(broken.is_some(), "without {guard} nothing breaks");
    }
}

#[test]
fn a_counterexample_is_the_shortest_and_is_told() {
    let broken = explore::without(Fleet::OneOld, Guard::GrantInOneStatement).expect("breaks");
    assert_eq!(broken.law, "numbers of terms only grow");
    assert_eq!(
        broken.lines,
        [
            "old reads the term's row and what is open",
            "new A reads the term's row and what is open",
            "old gets the term, which nobody holds: number 1",
            "new A gets the term, whose holder counts as expired: number 1",
        ]
    );
}

#[test]
fn guards_are_found_by_name() {
    for guard in Guard::ALL {
        assert_eq!(Guard::by_name(&guard.to_string().to_lowercase()), Some(guard));
    }
    assert_eq!(Guard::by_name("Hope"), None);
}
