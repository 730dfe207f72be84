//! Looks at the locks of the working backend all the time while a step runs, on a connection of its
//! own; for what runs outside of the transactions that are stopped before their commit.

use super::{holder::Holder, observed::Observed};
use crate::error::VerifyError;
use crate::trial::connect;
use changeover_plan::Step;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The pause between two looks. A look itself takes about a millisecond.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// A sampler that runs.
pub(super) struct Sampler {
    stop: CancellationToken,
    task: JoinHandle<Result<Observed, VerifyError>>,
}

impl Sampler {
    /// Starts to look at the backend `pid`; has looked once when it returns.
    pub(super) async fn start(url: &str, pid: i32, step: &Step) -> Result<Self, VerifyError> {
        let client = connect(url, "verify-sampler", "reading locks").await?;
        let statement = client
            .prepare(include_str!("sql/held.sql"))
            .await
            .map_err(VerifyError::sql("preparing the look at locks"))?;
        let mut holder = Holder::for_step(url, step).await?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut observed = Observed::default();
            // Ends with the step.
            while !stopped.is_cancelled() {
                let waits = observed.look(&client, &statement, pid).await?;
                if let (true, Some(holder)) = (waits, &mut holder) {
                    holder.let_pass().await?;
                }
                tokio::time::sleep(LOOK_PAUSE).await;
            }
            Ok(observed)
        });
        Ok(Self { stop, task })
    }

    /// Stops and gives back what was seen.
    pub(super) async fn end(self) -> Result<Observed, VerifyError> {
        self.stop.cancel();
        self.task.await.map_err(|_| VerifyError::WatchLost)?
    }
}
