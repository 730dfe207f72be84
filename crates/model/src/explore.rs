//! Runs the explorer over the whole space, or until a law is broken, breadth first.
//!
//! Called by `cargo xtask model` and the tests. One thread, so that the first run found is a shortest.

use crate::action::Action;
use crate::guard::Guard;
use crate::invariant::LAWS;
use crate::reach::GOALS;
use crate::state::State;
use crate::trace;
use crate::upgrade::{Bounds, Fleet, Upgrade};
use stateright::{Checker, HasDiscoveries, Model};

/// What the whole space showed.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How many states there are.
    pub states: usize,
    /// The length of the longest shortest run.
    pub depth: usize,
    /// Laws that are broken, each with a shortest run.
    pub broken: Vec<Counterexample>,
    /// What is reached, with the length of a shortest run; `None`: it is not.
    pub reached: Vec<(&'static str, Option<usize>)>,
}

/// A run that breaks a law.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The law.
    pub law: &'static str,
    /// What happened, one line a transition.
    pub lines: Vec<String>,
}

/// Explores everything with all guards in place.
pub fn everything(fleet: Fleet) -> Exploration {
    let model = Upgrade { fleet, bounds: fleet.bounds(), without: None };
    let checker = model.clone().checker().threads(1).spawn_bfs().join();
    let run = |name| checker.discovery(name).map(|path| path.into_actions());
    Exploration {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        broken: LAWS
            .iter()
            .filter_map(|law| Some(counterexample(&model, law.name, run(law.name)?)))
            .collect(),
        reached: GOALS
            .iter()
            .map(|goal| (goal.name, run(goal.name).map(|actions| actions.len())))
            .collect(),
    }
}

/// A run that breaks a law without a guard, with the fewest mishaps, and then the shortest; `None`:
/// the guard changes nothing.
pub fn without(fleet: Fleet, guard: Guard) -> Option<Counterexample> {
    let all = fleet.bounds();
    (0..=all.mishaps).find_map(|mishaps| {
        (0..=all.late_beats).find_map(|late_beats| {
            let bounds = Bounds { mishaps, late_beats, ..all };
            shortest(&Upgrade { fleet, bounds, without: Some(guard) })
        })
    })
}

fn shortest(model: &Upgrade) -> Option<Counterexample> {
    let until_broken = HasDiscoveries::AnyFailures;
    let checker = model.clone().checker().threads(1).finish_when(until_broken).spawn_bfs().join();
    LAWS.iter()
        .filter_map(|law| Some((law.name, checker.discovery(law.name)?.into_actions())))
        .min_by_key(|(_, actions)| actions.len())
        .map(|(law, actions)| counterexample(model, law, actions))
}

fn counterexample(model: &Upgrade, law: &'static str, actions: Vec<Action>) -> Counterexample {
    let mut lines = Vec::new();
    let mut state: Option<State> = model.init_states().into_iter().next();
    for action in actions {
        let Some(before) = state else { break };
        state = model.next_state(&before, action);
        if let Some(after) = &state {
            lines.push(trace::line(model, &before, after, action));
        }
    }
    Counterexample { law, lines }
}
