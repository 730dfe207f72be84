//! Joins and settles at every poll, for as long as the instance is registered: so the switch to another
//! generation, the hand-over of a worker and the return of a dead process's jobs happen while the
//! process itself is busy.

use super::state::SharedState;
use changeover::{Error, chain};
use changeover_work::Sidecar;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what nothing needs any more is forgotten. Any time will do: there are few such rows.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// Polls until `stop`. A failure is said once, and tried again at the next poll.
pub(crate) async fn run(
    sidecar: Arc<Sidecar>,
    every: Duration,
    state: SharedState,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut pruned = tokio::time::Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        note(sidecar.settle().await, &state);
        if pruned.elapsed() >= PRUNE_EVERY {
            pruned = tokio::time::Instant::now();
            note(sidecar.prune().await, &state);
        }
    }
}

/// Keeps what came of a poll, and says it where it has changed.
pub(crate) fn note(outcome: Result<(), Error>, state: &SharedState) {
    let error = outcome.err().map(|error| chain(&error));
    state.send_if_modified(|state| {
        if state.poll_error == error {
            return false;
        }
        match &error {
            Some(error) => tracing::warn!(error, "the poll has failed; trying again"),
            None => tracing::info!("polls succeed again"),
        }
        state.poll_error = error;
        true
    });
}
