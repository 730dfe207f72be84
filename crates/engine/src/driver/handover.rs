//! A newer release need not wait until an older one's online steps have ended: the holder gives way.
//!
//! - The holder learns at each renewal of its term that a higher head waits ([`Term::newer`]), and ends
//!   what it does after the open batch; the term then goes to the highest head that waits.
//! - Steps that come before serving are not interrupted: the newer release needs them too.
//! - What would be lost when cancelled (an index build, a validation) is cancelled a bounded number of
//!   times a step ([`LOST_BEGINS_MAX`]); after that the newer release waits for its end.
//! - A release asks only with a plan that has no refusals ([`may_ask`]): one that can never serve
//!   disturbs nobody, however often it is started.
//!
//! [`Term::newer`]: crate::term::Term::newer

use super::planning::plan_pending;
use crate::connection::Connection;
use crate::error::Error;
use crate::ledger::state::{self, OpenStep};
use crate::options::Options;
use changeover_plan::{Phase, StepId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often a step that loses its work when cancelled may have been begun and still be cancelled for a
/// newer release. Three: releases that follow each other within one index build are few, and a build
/// that is always begun again would never end.
const LOST_BEGINS_MAX: i32 = 3;

/// Whether a newer release may interrupt this step now.
pub(super) fn may_interrupt(open: &OpenStep) -> bool {
    !open.step.before_serving && (!open.step.kind.loses_work() || open.attempts < LOST_BEGINS_MAX)
}

/// Cancels `step` once a newer release waits; never returns.
pub(super) async fn interrupt(mut newer: watch::Receiver<Option<u64>>, step: CancellationToken) {
    // An error says that the term has ended; then the step is cancelled by that.
    if newer.wait_for(Option::is_some).await.is_ok() {
        step.cancel();
    }
    std::future::pending().await
}

/// Whether a release that has migrations to plan may ask a holder to give way: plans without the term,
/// changing nothing. Asked again where the ledger has moved on meanwhile, since steps and catalog were
/// then not read as of one moment. [`Error::Refused`]: it never may.
pub(super) async fn may_ask(watch: &mut Connection, options: &Options) -> Result<bool, Error> {
    let before = open_ids(watch, options).await?;
    if before.is_empty() {
        return Ok(true);
    }
    let plan = plan_pending(watch, options).await;
    if open_ids(watch, options).await? != before {
        return Ok(false);
    }
    let plan = plan?;
    if plan.refusals.is_empty() { Ok(true) } else { Err(Error::Refused { plan: Box::new(plan) }) }
}

/// The open steps that a holder may be at. Contract steps are short, and wait for days for the floor.
async fn open_ids(watch: &Connection, options: &Options) -> Result<Vec<StepId>, Error> {
    let open = state::open_steps(&watch.client, &options.app).await?;
    let before_contract = open.into_iter().filter(|open| open.step.phase != Phase::Contract);
    Ok(before_contract.map(|open| open.step.id).collect())
}
