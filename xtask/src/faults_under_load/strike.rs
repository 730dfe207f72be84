//! The faults, who is started because of them, and until when they last.
//!
//! Each strikes while the migrator is held at its place by somebody's transaction, which ends once the
//! fault has been undone; but for a full disk, which nobody meets who is held.

mod disk_full;
mod exhausted;
mod promote;

use super::judge::Excuse;
use super::place::Place;
use super::stage::{Owner, Stage, until, until_more};
use crate::central_process::Central;
use std::fmt;
use std::time::Instant;
use tokio_postgres::Client;

/// What happens to the central that migrates, or to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Strike {
    /// SIGKILL.
    Killed,
    /// SIGSTOP until another has taken over, then SIGCONT.
    Paused,
    /// The server ends its working session.
    TerminateBackend,
    /// Its connections are cut.
    Cut,
    /// Its connections hang until another has taken over.
    Hang,
    /// The server is stopped at once and started again.
    Restart,
    /// A standby is promoted, the old primary lives on; everybody is led to the new one.
    Promote,
    /// The same, but the migrator's own connections stay with the old primary.
    PromoteLeftBehind,
    /// Others take all connections (53300).
    Exhausted,
    /// No block is to be had (53100).
    DiskFull,
}

/// What came of a strike.
#[derive(Default)]
pub(super) struct Struck {
    /// The one who takes over, where somebody must.
    pub(super) successor: Option<Central>,
    /// How it was met, where that can be seen.
    pub(super) note: String,
}

/// Whom a strike is for.
pub(super) struct Target<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) place: Place,
    pub(super) migrating: &'a Central,
    /// A superuser's connection.
    pub(super) client: &'a Client,
    /// The one that holds the migrator at its place.
    pub(super) holds: Option<Client>,
}

const EPOCH: &str = "SELECT epoch FROM changeover.term WHERE app = 'central'";
const TAKEN_OVER: &str = "SELECT epoch > $1 FROM changeover.term WHERE app = 'central'";
/// Ends the migrator's working session, and says whether there was one. The sessions are found first:
/// a condition that ends sessions might be tried on others.
const END_BACKEND: &str = "WITH found AS MATERIALIZED (SELECT a.pid FROM changeover.term_backend b \
     JOIN pg_stat_activity a USING (pid, backend_start)) \
     SELECT count(pg_terminate_backend(pid, 10000)) > 0 FROM found";
const ANY: &str = "SELECT EXISTS (SELECT FROM changeover.term_backend b \
     JOIN pg_stat_activity a USING (pid, backend_start))";

impl Strike {
    /// The order in which they are run: a prefix is a good sample.
    pub(super) const ALL: [Self; 10] = [
        Self::Promote,
        Self::DiskFull,
        Self::Exhausted,
        Self::Killed,
        Self::Paused,
        Self::PromoteLeftBehind,
        Self::Hang,
        Self::Restart,
        Self::TerminateBackend,
        Self::Cut,
    ];

    /// Why requests to a central that lives may fail meanwhile.
    pub(super) fn excuse(self, from: Instant, to: Instant) -> Excuse {
        match self {
            Self::Restart | Self::Promote | Self::PromoteLeftBehind => Excuse::Down(from, to),
            Self::DiskFull => Excuse::Full(from, to),
            _ => Excuse::Nothing,
        }
    }

    /// Whether a standby is promoted.
    pub(super) fn promotes(self) -> bool {
        matches!(self, Self::Promote | Self::PromoteLeftBehind)
    }

    /// Strikes, waits until it was met, and undoes what can be undone.
    pub(super) async fn strike(self, target: Target<'_>) -> anyhow::Result<Struck> {
        let migrating = target.migrating;
        match self {
            Self::Killed => {
                migrating.signal("KILL").await?;
                Ok(Struck { successor: Some(successor(&target)?), note: String::new() })
            }
            Self::Paused => {
                migrating.signal("STOP").await?;
                let struck = taken_over(&target).await?;
                migrating.signal("CONT").await?;
                Ok(struck)
            }
            Self::TerminateBackend => {
                end_backend(target.client).await?;
                Ok(Struck::default())
            }
            Self::Cut => {
                target.stage.own.cut();
                Ok(Struck::default())
            }
            Self::Hang => {
                target.stage.own.hang();
                let struck = taken_over(&target).await?;
                target.stage.own.heal();
                Ok(struck)
            }
            Self::Restart => {
                tokio::task::block_in_place(|| target.stage.server.restart_immediate())?;
                Ok(Struck::default())
            }
            Self::Promote => promote::strike(target, true).await,
            Self::PromoteLeftBehind => promote::strike(target, false).await,
            Self::Exhausted => exhausted::strike(target).await,
            Self::DiskFull => disk_full::strike(target).await,
        }
    }
}

fn successor(target: &Target<'_>) -> anyhow::Result<Central> {
    target.stage.start("4.9", Owner::Shared, target.place.batch_rows())
}

/// Starts another one, and waits until it was granted the term.
async fn taken_over(target: &Target<'_>) -> anyhow::Result<Struck> {
    let epoch: i64 = target.client.query_one(EPOCH, &[]).await?.get(0);
    let successor = successor(target)?;
    until_more(target.client, "the term has passed on", TAKEN_OVER, Some(epoch)).await?;
    Ok(Struck { successor: Some(successor), note: String::new() })
}

/// Ends the session that works under the term; waits for one where it is just being opened.
async fn end_backend(client: &Client) -> anyhow::Result<()> {
    until(client, "somebody works under the term", ANY).await?;
    until(client, "his session was ended", END_BACKEND).await
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Paused => "paused",
            Self::TerminateBackend => "terminate-backend",
            Self::Cut => "cut",
            Self::Hang => "hang",
            Self::Restart => "restart",
            Self::Promote => "promote",
            Self::PromoteLeftBehind => "promote-left-behind",
            Self::Exhausted => "exhausted",
            Self::DiskFull => "disk-full",
        })
    }
}
