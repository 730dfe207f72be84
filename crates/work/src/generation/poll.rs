//! The loop of a member: settles, wakes the parts, waits for the next time.
//!
//! Settles at once when the instance begins to serve, drains or has left: these are what moves owners.

use super::member::{Member, Topic};
use super::part::Part;
use crate::error::{Error, chain};
use rand::Rng;
use std::sync::Arc;
use std::time::Duration;

/// Ends with the member, or when the instance has left and that was settled.
pub(super) async fn run(member: Member, parts: Vec<Arc<dyn Part>>) {
    let mut standing = member.standing();
    let mut registrations = standing.borrow().registrations;
    loop {
        let now = *standing.borrow_and_update();
        if member.take_rejoin() || now.registrations != registrations {
            match join_again(&member, &parts).await {
                Ok(()) => registrations = now.registrations,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "not joined again; trying again");
                    member.rejoin();
                    tokio::time::sleep(member.options().timing.poll).await;
                }
            }
        }
        // Others settle as well: a failure costs a poll, not the hand-over.
        if let Err(error) = member.settle().await {
            tracing::warn!(error = chain(&error), "owners not settled; trying again");
        }
        member.wake(Topic::Worker);
        member.wake(Topic::Job);
        if now.left || member.stopped().is_cancelled() {
            return;
        }
        tokio::select! {
            () = member.stopped().cancelled() => return,
            () = member.settle_asked() => {}
            changed = standing.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(jittered(member.options().timing.poll)) => {}
        }
    }
}

async fn join_again(member: &Member, parts: &[Arc<dyn Part>]) -> Result<(), Error> {
    member.join_again().await?;
    for part in parts {
        part.declare().await?;
    }
    tracing::info!(instance = %member.instance_id(), "joined again");
    Ok(())
}

/// A quarter more or less, so that processes that start together do not poll together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.75..1.25))
}
