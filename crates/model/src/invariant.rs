//! The laws: one function each, true of every state that can be reached.
//!
//! Read by the explorer and by `cargo xtask model`. What a law says about a moment (a commit, a
//! registration) the transition has noted in [`Broken`](crate::state::Broken).

use crate::state::{Index, NEW_HEAD, Row, Session, State};
use crate::upgrade::Upgrade;

/// A law.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// In a few words.
    pub name: &'static str,
    /// As the design has it.
    pub text: &'static str,
    /// Whether it holds.
    pub holds: fn(&Upgrade, &State) -> bool,
}

/// All laws.
pub const LAWS: [Law; 10] = [
    Law {
        name: "numbers of terms only grow",
        text: "a term's number is above that of every term before it, on one timeline",
        holds: numbers_grow,
    },
    Law {
        name: "nothing commits under a term that has passed on",
        text: "no transaction commits under a term after a later one was granted",
        holds: commits_are_in_order,
    },
    Law {
        name: "no statement outlives the takeover",
        text: "what runs outside transactions takes no effect once a later term works",
        holds: statements_are_in_order,
    },
    Law {
        name: "a step takes effect once",
        text: "the effect of a step is applied at most once, no matter which process runs it",
        holds: effects_are_single,
    },
    Law {
        name: "what is recorded as done is done",
        text: "a step that is recorded as done has its effect, and keeps it",
        holds: records_are_true,
    },
    Law {
        name: "the floor is not raised over the living",
        text: "the floor passes no instance that is registered and counts as alive",
        holds: floor_spares_the_living,
    },
    Law {
        name: "nobody registers below the floor",
        text: "no registration below the floor commits after it was raised",
        holds: registrations_are_above,
    },
    Law {
        name: "nothing is dropped that somebody needs",
        text: "after the contract no instance below the floor counts as alive or has a session, and \
               none of its writes comes through",
        holds: contract_hurts_nobody,
    },
    Law {
        name: "an older release leaves the ledger alone",
        text: "a release writes nothing about migrations that it does not know",
        holds: older_release_keeps_out,
    },
    Law {
        name: "the floor only grows",
        text: "the floor never sinks, and a contract has been allowed by it",
        holds: floor_grows,
    },
];

fn numbers_grow(_: &Upgrade, state: &State) -> bool {
    !state.broken.number_repeated
}

fn commits_are_in_order(_: &Upgrade, state: &State) -> bool {
    !state.broken.commit_after_grant
}

fn statements_are_in_order(_: &Upgrade, state: &State) -> bool {
    !state.broken.statement_after_takeover
}

fn effects_are_single(_: &Upgrade, state: &State) -> bool {
    state.database.expand_applied <= 1
}

fn records_are_true(_: &Upgrade, state: &State) -> bool {
    let database = &state.database;
    (!database.expand_recorded || database.expand_applied > 0)
        && (!database.index_recorded || database.index == Index::Valid)
}

fn floor_spares_the_living(model: &Upgrade, state: &State) -> bool {
    let heads = model.fleet.heads();
    state
        .services
        .iter()
        .zip(heads)
        .all(|(service, head)| head >= state.database.floor || service.row != Row::Alive)
}

fn registrations_are_above(_: &Upgrade, state: &State) -> bool {
    !state.broken.registered_below_floor
}

fn contract_hurts_nobody(model: &Upgrade, state: &State) -> bool {
    let heads = model.fleet.heads();
    let gone = |row: Row, session| !row.is_alive() && session == Session::Closed;
    let spared = |head, row, session| head >= NEW_HEAD || gone(row, session);
    let mut services = state.services.iter().zip(heads);
    let all_spared = services.all(|(service, head)| spared(head, service.row, service.session));
    !state.broken.older_wrote_after_contract && (all_spared || !state.database.contracted)
}

fn older_release_keeps_out(_: &Upgrade, state: &State) -> bool {
    !state.broken.older_wrote_ledger
}

fn floor_grows(_: &Upgrade, state: &State) -> bool {
    !state.broken.floor_sank && (!state.database.contracted || state.database.floor >= NEW_HEAD)
}
