//! Every kind of change that an old plan may leave open × every kind in a new one: what the new one
//! makes under a name that the old plan is yet to drop is refused; nothing else suffers from it.

use super::{catalog, planned_on, rules};
use crate::model::step::{Phase, Step};

const SETUP: &str = "create table orders (id bigint primary key, status text, net int default 1);
    create table gone (id bigint primary key);
    create table other (id bigint primary key, net int);
    create view v as select id from other;
    create materialized view m as select id from other with no data;
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create function g() returns int language sql as 'select 1';
    create trigger tr after insert on orders for each row execute function f();
    create type mood as enum ('a');
    create sequence s;
    create index i on orders (net);
    alter table orders add constraint k unique (net);";

/// What an old plan leaves to contract, and what makes the same name again.
const KINDS: [(&str, &str); 10] = [
    ("alter table orders drop column status", "alter table orders add column status int"),
    ("drop table gone", "create table gone (id int primary key, a text)"),
    ("drop view v", "create view v as select net from other"),
    ("drop materialized view m", "create materialized view m as select 1 as one with no data"),
    ("drop function g()", "create function g() returns int language sql as 'select 2'"),
    (
        "drop trigger tr on orders",
        "create trigger tr before insert on orders for each row execute function f()",
    ),
    ("drop type mood", "create type mood as enum ('b')"),
    ("drop sequence s", "create sequence s increment 2"),
    ("drop index i", "create index i on orders (id)"),
    (
        "alter table orders drop constraint k",
        "-- changeover: old-complies because \"t\"\n alter table orders add constraint k unique (id)",
    ),
];

/// The steps that an old plan leaves open: those of contract.
fn left_open(old: &str) -> Vec<Step> {
    let plan = planned_on(&catalog(SETUP), &[old], &[]);
    assert!(plan.refusals.is_empty(), "{old}: {:?}", rules(&plan));
    let open: Vec<Step> =
        plan.steps.into_iter().filter(|step| step.phase == Phase::Contract).collect();
    assert!(!open.is_empty(), "{old} leaves nothing open");
    open
}

#[test]
fn every_open_change_beside_every_new_one() {
    for (at, (old, _)) in KINDS.iter().enumerate() {
        let pending = left_open(old);
        for (other, (_, new)) in KINDS.iter().enumerate() {
            // A new object of another kind under a name of its own, unless it is the dropped one.
            let new = if at == other { (*new).to_owned() } else { renamed(new) };
            let plan = planned_on(&catalog(SETUP), &["select_nothing", &new], &pending);
            // The first text only takes the number of the old plan's migration.
            let ours = plan.refusals.iter().filter(|refusal| refusal.migration == 3);
            let found: Vec<&str> = ours.map(|refusal| refusal.rule.as_str()).collect();
            if at == other {
                assert!(found.contains(&"stop-between"), "{old} / {new}: {found:?}");
            } else {
                assert!(found.is_empty(), "{old} / {new}: {found:?}");
            }
        }
    }
}

/// What a step of an old plan is yet to name is renamed behind it.
#[test]
fn what_an_open_step_names_is_renamed_afterwards() {
    let pending = left_open("alter table orders disable trigger tr");
    let rename = "alter trigger tr on orders rename to other";
    let plan = planned_on(&catalog(SETUP), &["select_nothing", rename], &pending);
    let ours = |step: &&Step| step.id.as_str() == "0003.1.rename_trigger";
    let renaming = plan.steps.iter().find(ours).unwrap();
    assert_eq!((renaming.phase, renaming.floor), (Phase::Contract, pending[0].floor));
    assert_eq!(renaming.needs, [pending[0].id.clone()]);
}

/// The same statement under a name that nothing has.
fn renamed(new: &str) -> String {
    let mut text = new.to_owned();
    for (from, to) in [
        ("column status", "column status_2"),
        ("table gone", "table gone_2"),
        ("view v ", "view v_2 "),
        ("view m ", "view m_2 "),
        ("function g()", "function g_2()"),
        ("trigger tr ", "trigger tr_2 "),
        ("type mood ", "type mood_2 "),
        ("sequence s ", "sequence s_2 "),
        ("index i ", "index i_2 "),
        ("constraint k ", "constraint k_2 "),
    ] {
        text = text.replace(from, to);
    }
    text
}
