//! The faults: one file each in `fault/`, with what strikes and what undoes it.
//!
//! Some leave process A standing still until they are undone (it is stopped, cut off for good, dead);
//! the others A meets while it goes on, and they are undone once it has.

mod cut;
mod disk_full;
mod exhausted;
mod hang;
mod kind;
mod promote;
mod restart;
mod sigkill;
mod sigstop;
mod terminate_backend;

pub(crate) use kind::{Fault, Variant};

use super::world::World;
use std::time::{Duration, Instant};

impl Fault {
    /// Makes it happen. A is paused.
    pub(super) async fn strike(self, world: &mut World<'_>) -> anyhow::Result<()> {
        match self {
            Self::Sigkill => sigkill::strike(world).await,
            Self::Sigstop => sigstop::strike(world),
            Self::TerminateBackend => terminate_backend::strike(world).await,
            Self::Cut => cut::strike(world),
            Self::Hang => hang::strike(world),
            Self::Restart => restart::strike(world).await,
            Self::Promote => promote::strike(world).await,
            Self::Exhausted => exhausted::strike(world).await,
            Self::DiskFull => disk_full::strike(world).await,
        }
    }

    /// Ends it, once A has met it.
    pub(super) async fn undo(self, world: &mut World<'_>) -> anyhow::Result<()> {
        match self {
            Self::Sigstop => sigstop::undo(world),
            Self::Hang => hang::undo(world),
            Self::Exhausted => exhausted::undo(world).await,
            Self::DiskFull => disk_full::undo(world).await,
            Self::Sigkill | Self::TerminateBackend | Self::Cut | Self::Restart | Self::Promote => {
                Ok(())
            }
        }
    }
}

/// How often the server's log or its sessions are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until the server has logged one of these texts since `mark`, or A has ended. Not for ever: at
/// some points there is nothing left to do that would meet the fault.
async fn met(
    world: &mut World<'_>,
    mark: usize,
    texts: &[&str],
    wait: Duration,
) -> anyhow::Result<bool> {
    let began = Instant::now();
    while began.elapsed() < wait {
        let log = world.server.log_since(mark);
        if texts.iter().any(|text| log.contains(text)) {
            return Ok(true);
        }
        if world.a.has_ended()? {
            return Ok(false);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(false)
}
