//! Does what there is to do while the term is held, until nothing is left or the term is lost.

use super::handover;
use super::next::{self, Next, Outlook};
use super::tries::Tries;
use crate::connection::Connection;
use crate::control::{Control, Wishes};
use crate::error::{Error, chain};
use crate::floor;
use crate::ledger::state::OpenStep;
use crate::ledger::{record, state};
use crate::options::Options;
use crate::pace::Pacer;
use crate::pause::PausePoint;
use crate::step::{self, StepRun};
use crate::term::{GuardedConnection, Term};
use changeover_plan::{Phase, StepId};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Works while the term is held.
pub(super) struct Holder<'a> {
    pub(super) options: &'a Options,
    pub(super) watch: &'a mut Connection,
    pub(super) worker: GuardedConnection,
    pub(super) tries: &'a mut Tries,
    pub(super) stop: &'a CancellationToken,
    pub(super) newer: watch::Receiver<Option<u64>>,
    pub(super) control: Control,
    pub(super) pace: Pacer,
    url: &'a str,
}

/// How often a paused holder looks whether it may go on.
const PAUSED_LOOK_EVERY: Duration = Duration::from_millis(250);

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
        url: &'a str,
        term: &Term,
        watch: &'a mut Connection,
        tries: &'a mut Tries,
        stop: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let worker = GuardedConnection::open(options, url, term).await?;
        worker.pause(PausePoint::TermAcquired, None).await;
        let (control, newer) = (Control::default(), term.newer());
        let pace = Pacer::watching(options, url, &worker, control.clone());
        Ok(Self { options, watch, worker, tries, stop, newer, control, pace, url })
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
            let wishes = self.control.look(self.watch, app).await?;
            self.pace.heed(&wishes);
            let next = next::read(&self.watch.client, self.options, &skip, &wishes).await?;
            if !matches!(next, Next::Plan)
                && let Some(stopped_after) = self.stop_here().await?
            {
                let outlook = Outlook { stopped_after: Some(stopped_after), ..Outlook::default() };
                return Ok(Ended::Idle(outlook));
            }
            let newer = *self.newer.borrow();
            if let (Next::Run(open), Some(head)) = (&next, newer)
                && handover::may_interrupt(open)
            {
                tracing::info!(head, "a newer release waits: handing the term over");
                return Ok(Ended::GaveWay);
            }
            if self.waits(&wishes, &next).await {
                continue;
            }
            match next {
                Next::Nothing(outlook) => return Ok(Ended::Idle(outlook)),
                Next::Plan => self.plan().await?,
                Next::RaiseFloor(floor) => {
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
                Next::Run(open) => self.run(&open).await?,
            }
        }
    }

    /// Waits a little where operators have paused and there is something to begin. Planning is no step: it
    /// changes the ledger alone.
    async fn waits(&self, wishes: &Wishes, next: &Next) -> bool {
        let (Some(paused), Next::Run(_) | Next::RaiseFloor(_)) = (&wishes.paused, next) else {
            return false;
        };
        tracing::debug!("paused {paused}");
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(PAUSED_LOOK_EVERY) => {}
        }
        true
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
            error @ Error::Withheld { .. } => return self.withheld(open, &error).await,
            _ => {}
        }
        let error = Error::Step {
            step: step.id.clone(),
            title: step.title.clone(),
            source: Box::new(source),
        };
        self.failed(open, error).await
    }

    /// Runs a step. Before a contract step the sessions of older heads are ended, every time: the
    /// floor may have been raised by a process that died before it could.
    async fn begin_step(&mut self, open: &OpenStep) -> Result<(), Error> {
        let step = &open.step;
        if let (Phase::Contract, Some(floor)) = (step.phase, step.floor) {
            floor::end_sessions(&self.worker, &self.options.app, floor).await?;
        }
        let stop = self.stop.child_token();
        let run = step::run(StepRun {
            worker: &mut self.worker,
            beside: Vec::new(),
            watch: self.watch,
            options: self.options,
            control: &self.control,
            pace: &self.pace,
            step,
            stop: &stop,
        });
        let heed = |wishes: &_| self.pace.heed(wishes);
        let reading = self.control.keep_reading(self.options, self.url, self.watch, heed);
        let interrupted = async {
            if handover::may_interrupt(open) {
                handover::interrupt(self.newer.clone(), stop.clone()).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            outcome = run => outcome,
            never = reading => match never {},
            () = interrupted => Err(Error::Stopped),
        }
    }
}
