//! An instance's part in background work that another process does: joins, settles at every poll, sees
//! what that process still has in hand, and hands over its workers when it has ended.
//!
//! Called by `changeover agent`, whose child calls the SQL functions itself (docs/sql-functions.md); a
//! service that embeds the library has `background/` instead. All through those functions, with the
//! service's own role, also behind a pooler. SQL: `sql/`;
//! the functions are in `crates/ledger/src/bootstrap/sql/`.

use crate::connection::Purpose;
use crate::error::Error;
use crate::generation::{Control, Parameter};
use crate::instance::Instance;
use crate::options::Options;
use changeover_ledger::text::{exact, text};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::Type;
use uuid::Uuid;

const HELD: &str = include_str!("sql/held.sql");

/// For how long one call may take: its locks wait 2 s at most, the rest is for a slow server.
const CALL_WAIT: Duration = Duration::from_secs(8);

/// An instance, for the process beside.
pub struct Sidecar {
    options: Arc<Options>,
    instance: Uuid,
    control: Control,
}

/// What an instance has in hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Held {
    /// Singleton workers, by name, with the epoch under which they are held.
    pub workers: Vec<(String, i64)>,
    /// Claimed jobs, by kind, with their ids.
    pub jobs: Vec<(String, i64)>,
}

impl Held {
    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.workers.is_empty() && self.jobs.is_empty()
    }
}

impl Sidecar {
    /// This instance's part, for a process beside this one.
    pub fn new(instance: &Instance) -> Self {
        let (options, instance) = (Arc::clone(instance.options()), instance.id());
        let control = Control::new(Arc::clone(&options), Purpose::Service, CALL_WAIT);
        Self { options, instance, control }
    }

    /// Joins, unless the ledger has it already.
    pub async fn join(&self) -> Result<(), Error> {
        let known =
            "SELECT EXISTS (SELECT FROM changeover.member WHERE instance = $1 AND gen = $2)";
        let generation = self.options.generation();
        let parameters: [Parameter<'_>; 2] =
            [(&self.instance, Type::UUID), (&generation, Type::INT8)];
        let rows = self.control.call("asking for the membership", known, &parameters).await?;
        if rows.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        let join = "SELECT changeover.join_v1($1, $2)";
        self.control.call("joining", join, &parameters).await.map(drop)
    }

    /// One poll: switch, owners and jobs are brought to what they should be. Joins again where the
    /// ledger has forgotten this instance, as it does after a day without a beat.
    pub async fn settle(&self) -> Result<(), Error> {
        self.join().await?;
        let settle = "SELECT changeover.settle_v1($1)";
        self.control.call("settling", settle, &[(&self.options.app, Type::TEXT)]).await?;
        let tend = "SELECT changeover.tend_jobs_v1($1)";
        self.control.call("tending jobs", tend, &[(&self.instance, Type::UUID)]).await.map(drop)
    }

    /// Lets the ledger forget what nothing needs any more.
    pub async fn prune(&self) -> Result<(), Error> {
        let prune = "SELECT changeover.prune_work_v1($1)";
        self.control.call("pruning", prune, &[(&self.options.app, Type::TEXT)]).await.map(drop)
    }

    /// What the instance has in hand now.
    pub async fn held(&self) -> Result<Held, Error> {
        let parameters: [Parameter<'_>; 2] =
            [(&self.instance, Type::UUID), (&self.options.app, Type::TEXT)];
        let mut held = Held::default();
        for row in self.control.call("looking what is in hand", HELD, &parameters).await? {
            let entry = (exact(&row, 1, "reading what is in hand")?, row.get(2));
            match text(&row, 0).as_str() {
                "worker" => held.workers.push(entry),
                _ => held.jobs.push(entry),
            }
        }
        Ok(held)
    }

    /// Hands over the workers of a process that has ended, so that nobody waits for their leases to
    /// run out. A commit of it that is still under way comes before, or is refused.
    pub async fn hand_over(&self, held: &Held) -> Result<(), Error> {
        for (name, epoch) in &held.workers {
            let transfer = "SELECT changeover.transfer_v1($1, $2, $3)";
            let parameters: [Parameter<'_>; 3] =
                [(&self.instance, Type::UUID), (name, Type::TEXT), (epoch, Type::INT8)];
            match self.control.call("handing over", transfer, &parameters).await {
                // Somebody has it already: what was to be achieved.
                Ok(_) | Err(Error::TermLost) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
