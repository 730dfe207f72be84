//! What becomes of a step that fails: tried again, given up, or left until somebody has acted.

use super::handover;
use super::holder::Holder;
use crate::error::{Error, chain};
use crate::ledger::record;
use crate::ledger::state::OpenStep;
use std::time::{Duration, Instant};

/// The longest pause between two tries of a step.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);

impl Holder<'_> {
    /// Puts a step back that operators hold back: no failure, and nothing that it would wait for by itself.
    pub(super) async fn withheld(&mut self, open: &OpenStep, why: &Error) -> Result<(), Error> {
        let step = &open.step;
        tracing::info!(step = %step.id, why = chain(why), "step is held back");
        let transaction = self.worker.begin().await?;
        record::step_withheld(&transaction, &self.options.app, &step.id).await?;
        let kind = "step_held";
        record::event(&transaction, &self.options.app, kind, Some(&step.id), &chain(why)).await?;
        transaction.commit().await
    }

    /// Keeps a failure in the ledger. `Ok`: go on, with the same step after a pause if it may be tried
    /// again.
    pub(super) async fn failed(&mut self, open: &OpenStep, error: Error) -> Result<(), Error> {
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
            // All that it needs was done; what is open again, it has taken back, to be begun again together.
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
