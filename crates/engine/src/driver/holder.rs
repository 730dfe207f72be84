//! Does what there is to do while the term is held, until nothing is left or the term is lost.

use super::handover;
use super::planning::plan_pending;
use super::work::{self, Outlook, Skip, Work};
use crate::connection::Connection;
use crate::error::{Error, chain, plural};
use crate::floor;
use crate::ledger::state::OpenStep;
use crate::ledger::{record, state};
use crate::options::Options;
use crate::pause::PausePoint;
use crate::step::{self, StepRun};
use crate::term::{GuardedConnection, Term};
use changeover_plan::model::plan::PlanMode;
use changeover_plan::{Phase, StepId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The longest pause between two tries of a step.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// After how long a step that waits for somebody is looked at again.
const HELD_FOR: Duration = Duration::from_secs(30);

/// How often each step was tried by this process, which it has given up on, and which wait.
#[derive(Debug, Default)]
pub(super) struct Tries {
    count: BTreeMap<StepId, u32>,
    given_up: BTreeSet<StepId>,
    held: BTreeMap<StepId, Instant>,
    /// It may ask a holder to give way.
    pub(super) may_ask: bool,
}

impl Tries {
    /// The steps not to begin now.
    pub(super) fn skip(&mut self) -> Skip {
        self.held.retain(|_, since| since.elapsed() < HELD_FOR);
        Skip { given_up: self.given_up.clone(), held: self.held.keys().cloned().collect() }
    }
}

/// Works while the term is held.
pub(super) struct Holder<'a> {
    pub(super) options: &'a Options,
    pub(super) watch: &'a mut Connection,
    pub(super) worker: GuardedConnection,
    pub(super) tries: &'a mut Tries,
    pub(super) stop: &'a CancellationToken,
    pub(super) newer: watch::Receiver<Option<u64>>,
}

/// Why a holder has ended.
pub(super) enum Ended {
    /// Nothing is left to do now.
    Idle(Outlook),
    /// A newer release waits for the term.
    GaveWay,
}

impl<'a> Holder<'a> {
    /// Opens the working connection under a term.
    pub(super) async fn open(
        options: &'a Options,
        url: &str,
        term: &Term,
        watch: &'a mut Connection,
        tries: &'a mut Tries,
        stop: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let worker = GuardedConnection::open(options, url, term).await?;
        worker.pause(PausePoint::TermAcquired, None).await;
        Ok(Self { options, watch, worker, tries, stop, newer: term.newer() })
    }

    /// Does one thing after the other until nothing is left. Bounded by the plan: each round does a
    /// step, gives it up, or ends.
    pub(super) async fn work(&mut self) -> Result<Ended, Error> {
        loop {
            if self.stop.is_cancelled() {
                return Err(Error::Stopped);
            }
            let app = &self.options.app;
            let skip = self.tries.skip();
            let next = work::next(&self.watch.client, self.options, &skip).await?;
            if !matches!(next, Work::Plan)
                && let Some(stopped_after) = self.stop_here().await?
            {
                let outlook = Outlook { stopped_after: Some(stopped_after), ..Outlook::default() };
                return Ok(Ended::Idle(outlook));
            }
            let newer = *self.newer.borrow();
            if let (Work::Run(open), Some(head)) = (&next, newer)
                && handover::may_interrupt(open)
            {
                tracing::info!(head, "a newer release waits: handing the term over");
                return Ok(Ended::GaveWay);
            }
            match next {
                Work::Nothing(outlook) => return Ok(Ended::Idle(outlook)),
                Work::Plan => self.plan().await?,
                Work::RaiseFloor(floor) => {
                    match floor::raise(&mut self.worker, app, floor, None).await {
                        // An instance came back in between, or a worker has no owner yet: look again later.
                        Err(
                            error @ (Error::FloorBlocked { .. } | Error::WorkersUnowned { .. }),
                        ) => {
                            tracing::info!(reason = chain(&error), "contract waits");
                            return Ok(Ended::Idle(Outlook {
                                floor_blocked_by: Some(chain(&error)),
                                ..Outlook::default()
                            }));
                        }
                        outcome => outcome?,
                    }
                }
                Work::Run(open) => self.run(&open).await?,
            }
        }
    }

    /// The ledger's housekeeping: small, so each term does it at its end.
    pub(super) async fn tidy(&mut self) -> Result<(), Error> {
        let transaction = self.worker.begin().await?;
        record::tidy(&transaction, &self.options.app).await?;
        transaction.commit().await
    }

    /// The step after which an operator wants to stop, if it is done.
    async fn stop_here(&self) -> Result<Option<StepId>, Error> {
        let Some(step) = &self.options.stop_after else {
            return Ok(None);
        };
        match state::step_state(&self.watch.client, &self.options.app, step).await?.as_deref() {
            Some("done") => Ok(Some(step.clone())),
            Some(_) => Ok(None),
            None => Err(Error::Invalid(format!("there is no step {step} to stop after"))),
        }
    }

    /// Plans what is pending and keeps the plan in the ledger.
    async fn plan(&mut self) -> Result<(), Error> {
        let app = &self.options.app;
        let serving_from = state::serving_from(&self.watch.client, app).await?;
        let plan = plan_pending(self.watch, self.options).await?;
        if !plan.refusals.is_empty() {
            return Err(Error::Refused { plan: Box::new(plan) });
        }
        let transaction = self.worker.begin().await?;
        // Whoever registers waits for this lock or was committed before it: then he is counted.
        transaction
            .client()
            .execute("SELECT 1 FROM changeover.app WHERE app = $1 FOR NO KEY UPDATE", &[app])
            .await
            .map_err(|source| Error::sql("locking the application", source))?;
        if plan.mode == PlanMode::AtOnce
            && let Some(reason) = floor::below(transaction.client(), app, plan.head).await?
        {
            // Everything at once is for when nobody serves.
            return Err(Error::FloorBlocked {
                floor: plan.head,
                reason: format!("alive: {reason}"),
            });
        }
        record::plan(&transaction, &plan, serving_from).await?;
        let detail = format!(
            "{} up to migration {}",
            plural(u32::try_from(plan.steps.len()).unwrap_or(u32::MAX), "step", "steps"),
            plan.head
        );
        record::event(&transaction, app, "plan_recorded", None, &detail).await?;
        transaction.commit().await?;
        tracing::info!(steps = plan.steps.len(), head = plan.head, "plan recorded");
        self.worker.pause(PausePoint::PlanRecorded, None).await;
        Ok(())
    }

    /// Runs a step; where it fails, keeps why, and says whether anything else may go on.
    /// One that gives way to a newer release is no failure; the next round ends then.
    async fn run(&mut self, open: &OpenStep) -> Result<(), Error> {
        let step = &open.step;
        self.worker.pause(PausePoint::BeforeStep, Some(step)).await;
        tracing::info!(step = %step.id, title = step.title, "step begins");
        let outcome = self.begin_step(open).await;
        let Err(source) = outcome else {
            tracing::info!(step = %step.id, "step done");
            self.worker.pause(PausePoint::AfterStep, Some(step)).await;
            return Ok(());
        };
        match source {
            Error::TermLost => return Err(Error::TermLost),
            Error::Stopped if self.stop.is_cancelled() => return Err(Error::Stopped),
            Error::Stopped => return Ok(()),
            _ => {}
        }
        let error = Error::Step {
            step: step.id.clone(),
            title: step.title.clone(),
            source: Box::new(source),
        };
        self.failed(open, error).await
    }

    /// Runs a step. Before a contract step the sessions of older heads are ended, each time anew: the
    /// floor may have been raised by somebody who died before he could.
    async fn begin_step(&mut self, open: &OpenStep) -> Result<(), Error> {
        let step = &open.step;
        if let (Phase::Contract, Some(floor)) = (step.phase, step.floor) {
            floor::end_sessions(&self.worker, &self.options.app, floor).await?;
        }
        let stop = self.stop.child_token();
        let run = step::run(StepRun {
            worker: &mut self.worker,
            watch: self.watch,
            options: self.options,
            step,
            stop: &stop,
        });
        if !handover::may_interrupt(open) {
            return run.await;
        }
        tokio::select! {
            outcome = run => outcome,
            () = handover::interrupt(self.newer.clone(), stop.clone()) => Err(Error::Stopped),
        }
    }

    /// Keeps a failure in the ledger. `Ok`: go on, with the same step after a pause if it may be tried
    /// again.
    async fn failed(&mut self, open: &OpenStep, error: Error) -> Result<(), Error> {
        let step = &open.step;
        let held = error.is_held();
        let count = self.tries.count.entry(step.id.clone()).or_insert(0);
        *count += 1;
        let tries = *count;
        let final_one =
            !held && (!error.is_retryable() || tries >= self.options.timing.step_attempts_max);
        tracing::warn!(step = %step.id, tries, final_one, error = chain(&error), "step failed");
        if error.is_connection_lost() {
            // Nothing can be recorded on a lost connection; the next holder sees the step open.
            if final_one {
                self.tries.given_up.insert(step.id.clone());
            }
            return Err(error);
        }
        // A command that ends with the error says what to do; of the others nobody else would.
        let told = if step.before_serving { chain(&error) } else { error.chain_and_remedy() };
        let transaction = self.worker.begin().await?;
        record::step_error(&transaction, &self.options.app, &step.id, &told, final_one).await?;
        let kind = match (held, final_one) {
            (true, _) => "step_held",
            (false, true) => "step_failed",
            (false, false) => "step_retried",
        };
        record::event(&transaction, &self.options.app, kind, Some(&step.id), &told).await?;
        transaction.commit().await?;
        if held {
            self.tries.held.insert(step.id.clone(), Instant::now());
            return Ok(());
        }
        if final_one {
            self.tries.given_up.insert(step.id.clone());
            // All that it needs was done. What is not any more, it has taken back: to be begun again with it.
            self.tries.given_up.extend(step.needs.iter().cloned());
            // The new release must not serve without it; the older ones go on serving.
            let gave_up = Error::GaveUp { tries, source: Box::new(error) };
            return if step.before_serving { Err(gave_up) } else { Ok(()) };
        }
        let pause = self.options.timing.retry_pause * 2_u32.saturating_pow(tries.min(16) - 1);
        tokio::select! {
            () = self.stop.cancelled() => Err(Error::Stopped),
            _ = self.newer.wait_for(Option::is_some), if handover::may_interrupt(open) => Ok(()),
            () = tokio::time::sleep(pause.min(RETRY_PAUSE_MAX)) => Ok(()),
        }
    }
}
