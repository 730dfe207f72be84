//! Plans under the term and keeps the plan in the ledger, with the lowest head that serves now.

use super::holder::Holder;
use super::planning::plan_pending;
use crate::error::{Error, plural};
use crate::floor;
use crate::ledger::{record, state};
use crate::pause::PausePoint;
use changeover_plan::model::plan::PlanMode;

impl Holder<'_> {
    /// Plans what is pending and keeps the plan in the ledger.
    pub(super) async fn plan(&mut self) -> Result<(), Error> {
        let app = &self.options.app;
        let serving_from = state::serving_from(&self.watch.client, app).await?;
        let plan = plan_pending(self.watch, self.options).await?;
        if !plan.refusals.is_empty() {
            return Err(Error::Refused { plan: Box::new(plan) });
        }
        let transaction = self.worker.begin().await?;
        // An instance that registers waits for this lock, or was committed before it and is counted.
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
}
