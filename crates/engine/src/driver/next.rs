//! What there is to do for a release, read from the ledger. Decides nothing that the plan has not
//! decided; needs no term, so waiters call it too.

use crate::control::Wishes;
use crate::error::Error;
use crate::floor;
use crate::ledger::state::{self, OpenStep, Standing};
use crate::options::Options;
use changeover_plan::model::capability::Capability;
use changeover_plan::{Phase, StepId};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// The next thing to do.
#[derive(Debug)]
pub(super) enum Next {
    /// The release knows migrations that are not in the ledger.
    Plan,
    /// A step may run now.
    Run(Box<OpenStep>),
    /// The floor may be raised to this head: nobody lives below it.
    RaiseFloor(u64),
    /// Nothing, for now or for good.
    Nothing(Outlook),
}

/// What is left when there is nothing to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The ledger knows migrations that this release does not: a newer one has been here.
    pub database_newer: bool,
    /// Contract steps that wait for the floor, with the floor that they need.
    pub waiting_for_floor: Vec<(StepId, u64)>,
    /// Steps that count as failed.
    pub failed: Vec<StepId>,
    /// Steps that wait for somebody: for rows to be mended, for an instance to leave.
    pub held: Vec<StepId>,
    /// Steps that this process cannot run, with what it lacks: they are left to another instance.
    pub waiting_for_ability: Vec<(StepId, Capability)>,
    /// Who lives below the floor that could be raised otherwise.
    pub floor_blocked_by: Option<String>,
    /// The step after which it was to stop, and did.
    pub stopped_after: Option<StepId>,
    /// Steps that operators hold back, with why.
    pub withheld: Vec<(StepId, String)>,
}

/// Steps that this process does not begin now.
#[derive(Debug, Default)]
pub(super) struct Skip {
    /// It has given up on these.
    pub(super) given_up: BTreeSet<StepId>,
    /// These wait for somebody.
    pub(super) held: BTreeSet<StepId>,
}

impl Skip {
    fn contains(&self, step: &StepId) -> bool {
        self.given_up.contains(step) || self.held.contains(step)
    }
}

/// Reads what to do next. A step that another process has marked as failed is tried again.
/// Model: `Look`, `OpenStepsReadUnderTerm`, `OlderReleaseKeepsOut`.
pub(super) async fn read(
    client: &Client,
    options: &Options,
    skip: &Skip,
    wishes: &Wishes,
) -> Result<Next, Error> {
    let (app, own_head) = (options.app.as_str(), options.head());
    let Some(standing) = state::standing(client, app).await? else {
        return Err(Error::NoLedger);
    };
    let mut outlook = Outlook::default();
    match standing.head {
        Some(head) if head > own_head => {
            // An older release writes nothing to the ledger of migrations.
            outlook.database_newer = true;
            return Ok(Next::Nothing(outlook));
        }
        Some(head) if head == own_head => {}
        _ if own_head == 0 => {}
        _ => return Ok(Next::Plan),
    }
    let open = state::open_steps(client, app).await?;
    if let Some(stop) = &wishes.stop_after {
        let step = StepId::from(stop.step.as_str());
        if state::step_state(client, app, &step).await?.as_deref() == Some("done") {
            outlook.stopped_after = Some(step);
            return Ok(Next::Nothing(outlook));
        }
    }
    if let Some(open) = runnable(&open, &standing, skip, &options.abilities, wishes) {
        return Ok(Next::Run(Box::new(open.clone())));
    }
    outlook.withheld = open
        .iter()
        .filter_map(|open| Some((open.step.id.clone(), wishes.withheld(&open.step)?)))
        .collect();
    outlook.failed = open
        .iter()
        .filter(|open| skip.given_up.contains(&open.step.id))
        .map(|open| open.step.id.clone())
        .collect();
    outlook.waiting_for_ability = open
        .iter()
        .filter(|open| open.ready)
        .flat_map(|open| {
            let lacking = open.step.requires.difference(&options.abilities);
            lacking.map(|ability| (open.step.id.clone(), ability.clone()))
        })
        .collect();
    outlook.held = skip.held.iter().cloned().collect();
    outlook.waiting_for_floor = open
        .iter()
        .filter_map(|open| Some((open.step.id.clone(), open.step.floor?)))
        .filter(|(_, floor)| *floor > standing.floor)
        .collect();
    let Some(floor) = floor_within_reach(&open, &standing) else {
        return Ok(Next::Nothing(outlook));
    };
    outlook.floor_blocked_by = floor::below(client, app, floor).await?;
    Ok(match outlook.floor_blocked_by {
        None => Next::RaiseFloor(floor),
        Some(_) => Next::Nothing(outlook),
    })
}

/// The first step, in the order of the phases, that nothing holds back. A later phase does not begin
/// while an expand step is open, unless that one was given up.
fn runnable<'a>(
    open: &'a [OpenStep],
    standing: &Standing,
    skip: &Skip,
    abilities: &BTreeSet<Capability>,
    wishes: &Wishes,
) -> Option<&'a OpenStep> {
    let allowed = |candidate: &&OpenStep| {
        candidate.ready
            && !skip.contains(&candidate.step.id)
            && wishes.withheld(&candidate.step).is_none()
            && candidate.step.requires.is_subset(abilities)
            && match (candidate.step.phase, candidate.step.floor) {
                (Phase::Contract, Some(floor)) => floor <= standing.floor,
                _ => true,
            }
    };
    // What a release waits for comes before everything else, of whichever plan; and so does what that
    // needs in turn.
    let wanted = before_serving(open);
    open.iter()
        .filter(allowed)
        .find(|candidate| wanted.contains(&candidate.step.id))
        .or_else(|| open.iter().find(allowed))
}

/// The open steps that come before serving, with all that they need.
fn before_serving(open: &[OpenStep]) -> BTreeSet<&StepId> {
    let by_id: BTreeMap<&StepId, &OpenStep> =
        open.iter().map(|candidate| (&candidate.step.id, candidate)).collect();
    let mut left: Vec<&OpenStep> =
        open.iter().filter(|candidate| candidate.step.before_serving).collect();
    let mut wanted = BTreeSet::new();
    // Bounded: a step is followed once.
    while let Some(next) = left.pop() {
        if wanted.insert(&next.step.id) {
            left.extend(next.step.needs.iter().filter_map(|id| by_id.get(id).copied()));
        }
    }
    wanted
}

/// How far the floor may rise by itself, if that lets an open contract step run: to the lowest head
/// that served when the latest upgrade began, so that going back the way one came always works.
fn floor_within_reach(open: &[OpenStep], standing: &Standing) -> Option<u64> {
    let reach = standing.serving_from?;
    open.iter()
        .filter(|candidate| candidate.step.phase == Phase::Contract && candidate.ready)
        .filter_map(|candidate| candidate.step.floor)
        .any(|floor| floor > standing.floor && floor <= reach)
        .then_some(reach)
}
