//! Runs one step of a plan. Its kind says by which course; one file a course. The engine chooses nothing
//! here (law 2).
//!
//! Called by the driver with the term held. A step of a kind that fits in a transaction is recorded
//! in the transaction that does it; the others mark themselves as running on a registered backend
//! first, look at what is there, and can be run again after dying anywhere (law 5).

mod backfill;
mod backfill_check;
mod constraint_validate;
mod ddl;
mod index_build;
mod long;
pub(crate) mod long_statement;
mod look;
mod outside;
mod parked;
mod part_index;
mod progress;
mod ranges;
mod script;
mod sync;
mod sync_drop;
pub(crate) mod undo;

use crate::connection::Connection;
use crate::control::Control;
use crate::error::Error;
use crate::ledger::record;
use crate::options::Options;
use crate::pace::Pacer;
use crate::pause::PausePoint;
use crate::term::GuardedConnection;
use changeover_plan::{Course, Step};
use tokio_util::sync::CancellationToken;

/// What a step needs in order to run.
pub(crate) struct StepRun<'a> {
    /// The connection that works under the term.
    pub(crate) worker: &'a mut GuardedConnection,
    /// Connections that work beside it under the same term, opened where a step goes in parallel.
    pub(crate) beside: Vec<GuardedConnection>,
    /// A second connection, for progress and for looking at the first.
    pub(crate) watch: &'a Connection,
    /// The service's options.
    pub(crate) options: &'a Options,
    /// What operators want.
    pub(crate) control: &'a Control,
    /// How fast it goes.
    pub(crate) pace: &'a Pacer,
    /// The step.
    pub(crate) step: &'a Step,
    /// Cancelled when the process is to stop or the term is lost: a long step ends between batches.
    pub(crate) stop: &'a CancellationToken,
}

impl StepRun<'_> {
    /// The application's name.
    pub(crate) fn app(&self) -> &str {
        &self.options.app
    }

    /// Marks the step as running, in a transaction of its own: who looks sees it run while it waits or scans.
    async fn begin(&mut self) -> Result<(), Error> {
        let begin = self.worker.begin().await?;
        record::step_begin(&begin, &self.options.app, &self.step.id).await?;
        begin.commit().await?;
        self.worker.pause(PausePoint::StepBegun, Some(self.step)).await;
        Ok(())
    }

    /// The same behind the gate, for a step whose work no transaction holds.
    async fn begin_gated(&mut self) -> Result<(), Error> {
        let begin = self.worker.begin().await?;
        ddl::check_gate(&begin, &self.options.app, self.step).await?;
        record::step_begin(&begin, &self.options.app, &self.step.id).await?;
        begin.commit().await?;
        self.worker.pause(PausePoint::StepBegun, Some(self.step)).await;
        Ok(())
    }

    /// Records such a step, whose work is there by now.
    async fn end(&mut self) -> Result<(), Error> {
        self.worker.pause(PausePoint::EffectUnrecorded, Some(self.step)).await;
        let end = self.worker.begin().await?;
        record::step_done(&end, &self.options.app, &self.step.id).await?;
        end.pause(PausePoint::BeforeCommit, Some(self.step)).await;
        end.commit().await
    }

    /// Fails with [`Error::Stopped`] once the process is to stop.
    pub(crate) fn check_stop(&self) -> Result<(), Error> {
        if self.stop.is_cancelled() { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// Runs a step to its end. An error says whether the step may be tried again.
pub(crate) async fn run(mut run: StepRun<'_>) -> Result<(), Error> {
    let step = run.step;
    match step.kind.course() {
        Course::Short(statements) => ddl::run(&mut run, &step.kind.changes(), &statements).await,
        Course::SyncDrop(drop) => sync_drop::run(&mut run, drop).await,
        Course::Long { statements, action, validates } => {
            long::run(&mut run, &statements, action, validates).await
        }
        Course::Outside { statements, part } => outside::run(&mut run, &statements, part).await,
        Course::IndexBuild(build) => index_build::run(&mut run, build).await,
        Course::Backfill(backfill) => backfill::run(&mut run, backfill).await,
        Course::BackfillCheck(backfill) => backfill_check::run(&mut run, backfill).await,
        Course::Script(script) => script::run(&mut run, script).await,
    }
}
