//! Where the migrator is when a fault strikes, and what holds it there.
//!
//! A catalog change and an index build on a small table are over in milliseconds. Held up they are by
//! what holds them up in production: a transaction of somebody else that has used the table. So the
//! place is a state that the server shows, and nothing in the migrator knows of the fault.

use super::stage::{Stage, until};
use crate::connect::connect;
use std::fmt;
use tokio_postgres::Client;

/// Where the migrator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Place {
    /// A step that adds a column tries to get its lock.
    Expand,
    /// In mid-backfill.
    Backfill,
    /// An index is being built concurrently.
    IndexBuild,
}

/// A reader's lock, that keeps a column from being added.
const READ: &str = "BEGIN; LOCK TABLE process_indicators IN ACCESS SHARE MODE";
/// A writer's lock: a concurrent build waits for its end, nobody else does.
const WRITE: &str = "BEGIN; LOCK TABLE process_indicators IN ROW EXCLUSIVE MODE";

const EXPANDING: &str = "SELECT EXISTS (SELECT FROM changeover.step s \
     WHERE s.state = 'running' AND s.kind = 'ddl' AND s.phase = 'expand')";
const EXPANDED: &str = "SELECT count(*) > 0 AND bool_and(state = 'done') FROM changeover.step \
     WHERE migration >= 209 AND phase = 'expand'";
const BACKFILLING: &str =
    "SELECT EXISTS (SELECT FROM changeover.progress WHERE units = 'rows' AND done >= 1000)";
const BUILDING: &str = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index \
     WHERE command = 'CREATE INDEX CONCURRENTLY')";

impl Place {
    pub(super) const ALL: [Self; 3] = [Self::Expand, Self::Backfill, Self::IndexBuild];

    /// Rows of a batch: so few that the fault strikes in mid-backfill where it is to.
    pub(super) fn batch_rows(self) -> &'static str {
        match self {
            Self::Backfill => "100",
            Self::Expand | Self::IndexBuild => "500",
        }
    }

    /// Whether releases that wait for the expand steps are ready when the fault strikes.
    pub(super) fn new_release_serves(self) -> bool {
        self != Self::Expand
    }

    /// Puts in the way what must be there before the migrator begins.
    pub(super) async fn before(self, stage: &Stage) -> anyhow::Result<Option<Client>> {
        match self {
            Self::Expand => hold(stage, READ).await.map(Some),
            Self::Backfill | Self::IndexBuild => Ok(None),
        }
    }

    /// Waits until the migrator is there. The one that holds it there, lets go when dropped.
    pub(super) async fn reach(
        self,
        stage: &Stage,
        client: &Client,
        holds: Option<Client>,
    ) -> anyhow::Result<Option<Client>> {
        match self {
            Self::Expand => {
                until(client, "a column waits for its lock", EXPANDING).await?;
                Ok(holds)
            }
            Self::Backfill => {
                until(client, "the backfill is under way", BACKFILLING).await?;
                Ok(holds)
            }
            Self::IndexBuild => {
                until(client, "the expand steps are done", EXPANDED).await?;
                let holds = hold(stage, WRITE).await?;
                until(client, "the index is being built", BUILDING).await?;
                Ok(Some(holds))
            }
        }
    }
}

async fn hold(stage: &Stage, sql: &str) -> anyhow::Result<Client> {
    let client = connect(&stage.url(super::stage::SUPERUSER)).await?;
    client.batch_execute(sql).await?;
    Ok(client)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Expand => "expand",
            Self::Backfill => "backfill",
            Self::IndexBuild => "index-build",
        })
    }
}
