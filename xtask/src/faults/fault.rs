//! The faults: one file each in `fault/`, with what strikes and what undoes it.
//!
//! Some leave process A standing still until they are undone (it is stopped, cut off for good, dead);
//! the others A meets while it goes on, and they are undone once it has.

mod cut;
mod disk_full;
mod exhausted;
mod hang;
mod promote;
mod restart;
mod sigkill;
mod sigstop;
mod terminate_backend;

pub(super) use promote::drop_standby_slots;

use super::world::World;
use std::fmt;
use std::time::{Duration, Instant};

/// What happens to process A, its connections or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Fault {
    /// The process is killed.
    Sigkill,
    /// The process is stopped until its lease has expired, and goes on then.
    Sigstop,
    /// `pg_terminate_backend`.
    TerminateBackend,
    /// Its connections are reset.
    Cut,
    /// Its connections, and new ones, swallow everything.
    Hang,
    /// The server is restarted immediately.
    Restart,
    /// A standby is promoted; the old primary lives on.
    Promote,
    /// No connection is to be had (53300).
    Exhausted,
    /// No block is to be had (53100).
    DiskFull,
}

/// Who else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nobody: A has to finish by itself.
    Alone,
    /// A process B: takes over and ends before A goes on, or waits beside A when the fault strikes.
    Rival,
    /// B holds at the moment when it was granted the term; A goes on just then.
    Race,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Alone => "alone",
            Self::Rival => "rival",
            Self::Race => "race",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Fault {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::Sigkill,
        Self::Sigstop,
        Self::TerminateBackend,
        Self::Cut,
        Self::Hang,
        Self::Restart,
        Self::Promote,
        Self::Exhausted,
        Self::DiskFull,
    ];

    /// The name, as on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sigkill => "sigkill",
            Self::Sigstop => "sigstop",
            Self::TerminateBackend => "terminate-backend",
            Self::Cut => "cut",
            Self::Hang => "hang",
            Self::Restart => "restart",
            Self::Promote => "promote",
            Self::Exhausted => "exhausted",
            Self::DiskFull => "disk-full",
        }
    }

    /// Who else may be there.
    pub(super) fn variants(self) -> &'static [Variant] {
        match self {
            Self::Sigkill => &[Variant::Rival],
            // The race is where a stale commit would happen: twice as often.
            Self::Sigstop | Self::Hang => {
                &[Variant::Alone, Variant::Rival, Variant::Race, Variant::Race]
            }
            _ => &[Variant::Alone, Variant::Rival],
        }
    }

    /// Whether A stands still until the fault is undone.
    pub(super) fn holds_still(self) -> bool {
        matches!(self, Self::Sigkill | Self::Sigstop | Self::Hang)
    }

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
