//! The faults, and who is started because of them.

use super::{Owner, Stage};
use crate::central_process::Central;
use std::fmt;
use std::time::Duration;
use tokio_postgres::Client;

/// Longer than the term.
const BEYOND_THE_TERM: Duration = Duration::from_millis(2_500);

/// What happens to the central that migrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Strike {
    /// SIGKILL.
    Killed,
    /// SIGSTOP until after its term has expired, then SIGCONT.
    Paused,
    /// The server ends its working session.
    TerminateBackend,
    /// Its connections are cut.
    Cut,
    /// Its connections hang for longer than its term.
    Hang,
    /// The server is stopped at once and started again.
    Restart,
}

impl Strike {
    pub(super) const ALL: [Self; 6] =
        [Self::Killed, Self::Paused, Self::TerminateBackend, Self::Cut, Self::Hang, Self::Restart];

    /// Whether requests may fail meanwhile.
    pub(super) fn takes_the_server_down(self) -> bool {
        self == Self::Restart
    }

    /// Strikes, and undoes what can be undone. The one who takes over, where somebody must.
    pub(super) async fn strike(
        self,
        stage: &Stage,
        migrating: &mut Central,
        client: &Client,
    ) -> anyhow::Result<Option<Central>> {
        let successor = || stage.start("4.9", Owner::Direct).map(Some);
        match self {
            Self::Killed => {
                migrating.signal("KILL").await?;
                successor()
            }
            Self::Paused => {
                migrating.signal("STOP").await?;
                let other = successor()?;
                tokio::time::sleep(BEYOND_THE_TERM).await;
                migrating.signal("CONT").await?;
                Ok(other)
            }
            Self::TerminateBackend => {
                let end = "SELECT count(pg_terminate_backend(pid)) FROM changeover.term_backend";
                client.query_one(end, &[]).await?;
                Ok(None)
            }
            Self::Cut => {
                stage.proxy.cut();
                Ok(None)
            }
            Self::Hang => {
                stage.proxy.hang();
                let other = successor()?;
                tokio::time::sleep(BEYOND_THE_TERM).await;
                stage.proxy.heal();
                Ok(other)
            }
            Self::Restart => {
                tokio::task::block_in_place(|| stage.server.restart_immediate())?;
                Ok(None)
            }
        }
    }
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
        })
    }
}
