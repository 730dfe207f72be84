//! The end of an instance's life: not ready, draining, settled, the process told to stop and waited
//! for, killed at the end of its grace; what it left in hand is handed over or named.
//!
//! Called once by the course, for every reason. Every wait is bounded.

use super::child::Child;
use super::life::{LEDGER_WAIT, Life, ended};
use super::signals::Asked;
use super::state::Stage;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use changeover::{Error, chain};
use changeover_work::Held;
use rustix::process::Signal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// For how long leaving may take: one statement, and the library's own waits for its background work.
pub(crate) const LEAVE_WAIT: Duration = Duration::from_secs(30);
/// For how long a killed process may take to end: the kernel needs milliseconds.
const KILL_WAIT: Duration = Duration::from_secs(10);

/// Why the instance stops serving.
pub(crate) enum Why {
    /// A signal, or `POST /drain`.
    Asked,
    /// The floor has passed the release.
    Refused(Arc<Error>),
    /// The process has ended, with this code.
    Ended(u8),
    /// The ledger does not take it as serving.
    Failed(Failure),
}

/// Drains, and says how the agent ends.
pub(crate) async fn drain(
    life: &mut Life,
    mut child: Option<&mut Child>,
    why: Why,
) -> Result<std::process::ExitCode, Failure> {
    life.state.send_modify(|state| state.stage = Stage::Draining);
    match timeout(LEDGER_WAIT, life.upgrade.drain()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = chain(&error), "the ledger does not know of it"),
        Err(_elapsed) => tracing::warn!("the ledger did not answer in time"),
    }
    // At once: others are asked to take over while the process still ends its work.
    life.settle().await;
    let code = match (&why, child.as_deref_mut()) {
        (Why::Ended(code), _) => Some(*code),
        (_, Some(child)) => Some(stop(life, child).await),
        (_, None) => {
            until_nothing_is_held(life).await;
            None
        }
    };
    life.state.send_modify(|state| state.child_pid = None);
    tell_rest(life, child.is_some_and(|child| child.has_ended())).await;
    match (why, code) {
        (Why::Failed(failure), _) => Err(failure),
        (Why::Refused(error), _) => Err(Error::Shared(error).into()),
        (_, Some(code)) => Ok(code.into()),
        (_, None) => Ok(ExitCode::Ok.into()),
    }
}

/// Tells the process to stop, waits for it, and kills it at the end of its grace or at a second signal.
async fn stop(life: &mut Life, child: &mut Child) -> u8 {
    tracing::info!(grace_s = life.plan.grace.as_secs(), "draining");
    if let Some(code) = wait(life, child, life.plan.delay).await {
        return code;
    }
    child.send(Signal::TERM);
    if let Some(code) = wait(life, child, life.plan.grace).await {
        return code;
    }
    match life.sidecar.held().await {
        Ok(held) => tracing::warn!(
            jobs = ?held.jobs, workers = ?held.workers,
            "the process has not ended within its grace: killed, with this in hand"
        ),
        Err(error) => tracing::warn!(
            error = chain(&error),
            "the process has not ended within its grace: killed; what it had in hand is not known"
        ),
    }
    child.kill();
    timeout(KILL_WAIT, child.ended()).await.unwrap_or_else(|_elapsed| {
        tracing::error!("the process does not end, although it was killed");
        ExitCode::Failed.number()
    })
}

/// Waits for the end of the process, for so long or until a second signal.
async fn wait(life: &mut Life, child: &mut Child, how_long: Duration) -> Option<u8> {
    let until = Instant::now() + how_long;
    loop {
        tokio::select! {
            code = ended(Some(&mut *child)) => {
                tracing::info!(code, "process ended");
                return Some(code);
            }
            () = tokio::time::sleep_until(until) => return None,
            asked = life.signals.next() => match asked {
                Asked::Stop => return None,
                Asked::PassOn(signal) => child.send(signal),
            },
        }
    }
}

/// Where somebody else stops the process, the ledger says when it has nothing in hand any more.
async fn until_nothing_is_held(life: &mut Life) {
    let until = Instant::now() + life.plan.delay + life.plan.grace;
    while Instant::now() < until {
        match life.sidecar.held().await {
            Ok(held) if held.is_empty() => return,
            Ok(_held) => {}
            Err(error) => tracing::warn!(error = chain(&error), "not known what is in hand"),
        }
        tokio::select! {
            () = tokio::time::sleep(life.plan.poll) => {}
            asked = life.signals.next() => if asked == Asked::Stop {
                return;
            }
        }
    }
}

/// What the process has left behind: workers are handed over where it has surely ended; jobs are given
/// to others once the instance has left. Both are named.
async fn tell_rest(life: &Life, has_ended: bool) {
    let held = match life.sidecar.held().await {
        Ok(held) => held,
        Err(error) => {
            tracing::warn!(error = chain(&error), "not known what is left in hand");
            Held::default()
        }
    };
    if !held.jobs.is_empty() {
        tracing::warn!(jobs = ?held.jobs, "cut: these jobs go to others");
    }
    if held.workers.is_empty() {
        return;
    }
    tracing::warn!(workers = ?held.workers, "cut: these workers were not handed over by the process");
    if has_ended && let Err(error) = life.sidecar.hand_over(&held).await {
        tracing::warn!(error = chain(&error), "not handed over: their leases run out");
    }
}
