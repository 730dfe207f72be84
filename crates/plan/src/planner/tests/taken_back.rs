//! Statements that undo what another one before them brings about: in one plan, and over what an earlier plan has
//! left for the contract.

use super::{catalog, planned, planned_on, rules};
use crate::model::{
    plan::Plan,
    step::{Phase, Step},
};

const SETUP: &str =
    "create table orders (id bigint primary key, total integer, status text default 'open')";

/// Each pair as one file, as two, and the second over the contract steps of the first.
fn plans(first: &str, second: &str) -> [Plan; 3] {
    let earlier = planned(SETUP, first);
    let left: Vec<Step> =
        earlier.steps.into_iter().filter(|step| step.phase == Phase::Contract).collect();
    [
        planned(SETUP, &format!("{first}; {second}")),
        planned_on(&catalog(SETUP), &[first, second], &[]),
        planned_on(&catalog(SETUP), &["", second], &left),
    ]
}

#[test]
fn what_would_come_after_it_cannot_be_taken_back() {
    for (first, second) in [
        (
            "alter table orders alter total set not null",
            "alter table orders alter total drop not null",
        ),
        (
            "alter table orders alter status drop default",
            "alter table orders alter status set default 'x'",
        ),
    ] {
        for plan in plans(first, second) {
            assert_eq!(rules(&plan), ["stop-between"], "{first}; {second}");
        }
        // The other way round the order is the author's.
        assert!(
            rules(&planned(SETUP, &format!("{second}; {first}"))).is_empty(),
            "{second}; {first}"
        );
    }
}

#[test]
fn a_grant_behind_a_revoke_is_given_at_once_and_again_behind_it() {
    for plan in plans("revoke all on orders from app", "grant select on orders to app") {
        assert!(rules(&plan).is_empty());
        let granted: Vec<(Phase, &str)> = plan
            .steps
            .iter()
            .filter(|step| step.title.starts_with("grant"))
            .map(|step| (step.phase, step.title.as_str()))
            .collect();
        let wanted =
            [(Phase::Expand, "grant privileges"), (Phase::Contract, "grant privileges again")];
        assert_eq!(granted, wanted);
        assert!(plan.steps.last().is_some_and(|step| step.title == "grant privileges again"));
    }
    let alone = planned(SETUP, "grant select on orders to app; revoke insert on orders from app");
    assert!(alone.steps.iter().all(|step| !step.title.ends_with("again")));
}
