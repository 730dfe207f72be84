//! An instance's part in background work that another process does: joins, settles at every poll, sees
//! what that process still has in hand, and hands over its workers when it has ended.
//!
//! Called by `changeover agent`, whose child calls the SQL functions itself (docs/sql-functions.md).
//! All through those functions, with the service's own role, also behind a pooler. SQL: `sql/`,
//! `generation/sql/`, `worker/sql/`, `job/sql/`.

use crate::connection::{self, Connection, Purpose};
use crate::error::Error;
use crate::handle::Changeover;
use crate::options::Options;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

const HELD: &str = include_str!("sql/held.sql");

/// For how long one call may take: its locks wait 2 s at most, the rest is for a slow server.
const CALL_WAIT: Duration = Duration::from_secs(10);

/// A member: one instance in one generation.
pub struct Member {
    options: Arc<Options>,
    instance: Uuid,
    generation: i64,
    connection: Option<Connection>,
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

impl Changeover {
    /// This instance's part in background work, for a process beside this one.
    pub fn member(&self, generation: i64) -> Member {
        let (options, instance) = self.identity();
        Member { options, instance, generation, connection: None }
    }
}

impl Member {
    /// Joins, unless the ledger has it already.
    pub async fn join(&mut self) -> Result<(), Error> {
        let known =
            "SELECT EXISTS (SELECT FROM changeover.member WHERE instance = $1 AND gen = $2)";
        let (instance, generation) = (self.instance, self.generation);
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&instance, Type::UUID), (&generation, Type::INT8)];
        let rows = self.call("asking for the membership", known, &parameters).await?;
        if rows.first().is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        let join = "SELECT changeover.join_v1($1, $2)";
        self.call("joining", join, &parameters).await.map(drop)
    }

    /// One poll: switch, owners and jobs are brought to what they should be. Joins anew where the
    /// ledger has forgotten this instance, as it does after a day without a beat.
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.join().await?;
        let (instance, app) = (self.instance, self.options.app.clone());
        self.call("settling", "SELECT changeover.settle_v1($1)", &[(&app, Type::TEXT)]).await?;
        let tend = "SELECT changeover.tend_jobs_v1($1)";
        self.call("tending jobs", tend, &[(&instance, Type::UUID)]).await.map(drop)
    }

    /// Lets the ledger forget what nothing needs any more.
    pub async fn prune(&mut self) -> Result<(), Error> {
        let app = self.options.app.clone();
        let prune = "SELECT changeover.prune_work_v1($1)";
        self.call("pruning", prune, &[(&app, Type::TEXT)]).await.map(drop)
    }

    /// What the instance has in hand now.
    pub async fn held(&mut self) -> Result<Held, Error> {
        let (instance, app) = (self.instance, self.options.app.clone());
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&instance, Type::UUID), (&app, Type::TEXT)];
        let mut held = Held::default();
        for row in self.call("looking what is in hand", HELD, &parameters).await? {
            let entry = (row.get(1), row.get(2));
            match row.get::<_, &str>(0) {
                "worker" => held.workers.push(entry),
                _ => held.jobs.push(entry),
            }
        }
        Ok(held)
    }

    /// Hands over the workers of a process that has ended, so that nobody waits for their leases to
    /// run out. A commit of it that is still under way comes before, or is refused.
    pub async fn hand_over(&mut self, held: &Held) -> Result<(), Error> {
        let instance = self.instance;
        for (name, epoch) in &held.workers {
            let transfer = "SELECT changeover.transfer_v1($1, $2, $3)";
            let parameters: [(&(dyn ToSql + Sync), Type); 3] =
                [(&instance, Type::UUID), (name, Type::TEXT), (epoch, Type::INT8)];
            match self.call("handing over", transfer, &parameters).await {
                // Somebody has it already: what was to be achieved.
                Err(Error::TermLost) => {}
                Err(error) => return Err(error),
                Ok(_rows) => {}
            }
        }
        Ok(())
    }

    /// One statement, bounded; after a failure that may be the connection's, the next opens a new one.
    async fn call(
        &mut self,
        action: &str,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let calling = async {
            let open = match self.connection.take() {
                Some(open) if !open.client.is_closed() => open,
                _ => self.open().await?,
            };
            let rows = open
                .client
                .query_typed(statement, parameters)
                .await
                .map_err(|source| Error::sql(action, source));
            Ok((open, rows))
        };
        match tokio::time::timeout(CALL_WAIT, calling).await {
            Ok(Ok((open, rows))) => {
                if !rows.as_ref().is_err_and(Error::is_connection_lost) {
                    self.connection = Some(open);
                }
                rows
            }
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(Error::Deadline {
                what: action.to_owned(),
                limit_ms: u64::try_from(CALL_WAIT.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    async fn open(&self) -> Result<Connection, Error> {
        let url = self.options.service_url.as_ref().or(self.options.owner_url.as_ref());
        let url = url.ok_or(Error::NoLedger)?;
        connection::open(url, &self.options.application_name(), Purpose::Service).await
    }
}
