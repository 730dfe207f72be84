//! What cannot be slowed down once it runs: when it begins, and with which means.
//!
//! Asked by the steps that build, validate, or drop concurrently. They begin once every input is within its bound,
//! and all the same after `Maintenance::wait_max`: a server that is never calm is upgraded too.
//! SQL: `sql/tables_size.sql`.

use super::Pacer;
use super::shared::{Subject, locked};
use crate::connection::Connection;
use crate::error::Error;
use changeover_plan::Step;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const TABLES_SIZE: &str = include_str!("sql/tables_size.sql");

/// Tables that are smaller begin at once, and nothing is watched for them: 64 MB are built in a second.
const SMALL_BYTES: i64 = 64 << 20;

impl Pacer {
    /// Waits until a step may begin a statement that cannot be slowed down once it runs.
    /// [`Error::Withheld`] where operators do not want it now.
    pub(crate) async fn before_long(
        &self,
        step: &Step,
        watch: &Connection,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        self.control.before_long(step, stop).await?;
        if self.is_watching() && size(step, watch).await? >= SMALL_BYTES {
            self.wait_for_room(step, stop).await;
            // Hours may have ended meanwhile.
            self.control.before_long(step, stop).await?;
        }
        Ok(())
    }

    /// Waits until the inputs are within their bounds, a bounded time.
    async fn wait_for_room(&self, step: &Step, stop: &CancellationToken) {
        self.watch(step);
        let wait_max = self.shared.pace.maintenance.wait_max;
        let deadline = Instant::now() + wait_max;
        let mut standing = self.shared.standing.subscribe();
        self.shared.is_resting.store(true, Ordering::Relaxed);
        let mut is_told = false;
        loop {
            let why = {
                let now = standing.borrow_and_update();
                if now.allows_long {
                    break;
                }
                now.limited.as_ref().map(|(_, says)| says.clone())
            };
            let why =
                why.unwrap_or_else(|| "what it is like without us isn't known yet".to_owned());
            if Instant::now() >= deadline {
                tracing::warn!(step = %step.id, why, "begins all the same after {} s", wait_max.as_secs());
                break;
            }
            if !is_told {
                tracing::info!(step = %step.id, why, "waits until others bear it");
                is_told = true;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.control.cancelled(step) => break,
                () = tokio::time::sleep_until(deadline) => {}
                // The sender lives as long as this pacer.
                changed = standing.changed() => if changed.is_err() { break },
            }
        }
        self.shared.is_resting.store(false, Ordering::Relaxed);
    }

    /// The settings with which a build runs, as statements; they are reset with the session's bounds.
    pub(crate) fn maintenance(&self) -> String {
        let means = self.shared.pace.maintenance;
        let mut set = String::new();
        let has_company = self.shared.standing.borrow().has_company;
        if let Some(workers) = means.workers.or(has_company.then_some(0)) {
            // Writing to a string does not fail.
            let _written = write!(set, "; SET max_parallel_maintenance_workers = {workers}");
        }
        if let Some(memory_mb) = means.memory_mb {
            let _written = write!(set, "; SET maintenance_work_mem = '{}MB'", memory_mb.max(1));
        }
        set
    }

    /// What takes that back.
    pub(crate) const MAINTENANCE_RESET: &str =
        "RESET max_parallel_maintenance_workers; RESET maintenance_work_mem; ";

    fn is_watching(&self) -> bool {
        self.access.is_some() && self.shared.pace.rest_ratio.is_none()
    }

    /// Begins to watch, or tells who watches what runs now.
    pub(super) fn watch(&self, step: &Step) {
        if !self.is_watching() {
            return;
        }
        let Some(access) = &self.access else { return };
        let mut subject = locked(&self.shared.subject);
        if subject.as_ref().is_none_or(|known| known.step != step.id) {
            *subject = Some(Subject::of(step));
        }
        locked(&self.sampler).get_or_insert_with(|| super::Sampler::start(&self.shared, access));
    }
}

/// How large the step's tables are.
async fn size(step: &Step, watch: &Connection) -> Result<i64, Error> {
    let tables = Subject::of(step).tables;
    let row = watch
        .client
        .query_one(TABLES_SIZE, &[&tables])
        .await
        .map_err(|source| Error::sql("looking how large the tables are", source))?;
    Ok(row.get(0))
}
