//! The stage of one scenario: a server of its own, what stands between it and the centrals, and the
//! standby or the small disk that a fault needs.
//!
//! All centrals reach the server through `services`, which is what a virtual address of a cluster is:
//! after a promotion it leads to the new primary. Only the migrating one's connection as the owner goes
//! through `own`, so that it can be cut off alone.

use crate::central_process::{Central, Start};
use crate::connect::connect;
use anyhow::{Context as _, bail};
use changeover_central::roles::{OWNER, SERVICE, create_roles};
use changeover_postgres::Server;
use changeover_verify::FaultProxy;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// The superuser, whose connections are the chore's alone.
pub(super) const SUPERUSER: &str = "postgres";
/// Short, so that a takeover is quick; long enough for two cores under load.
const LEASE_MS: &str = "1000";
/// For how long a state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(240);
/// How often a state is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Enough for four centrals; few enough to be taken.
const CONNECTIONS_MAX: &str = "80";
/// Holds the database, and what backfill and load add to it, two times over.
const SMALL_DISK_BYTES: u64 = 192 * 1024 * 1024;
/// How the server begins each line of its log: by it is told who met a fault.
const LOG_PREFIX: &str = "%m [%p] %e %u %a ";

/// By which way an instance gets to the database as its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// As all services do.
    Shared,
    /// By the way that can be cut alone.
    Own,
    /// Not at all: it never migrates.
    None,
}

pub(super) struct Stage {
    program: PathBuf,
    pub(super) server: Server,
    pub(super) database: String,
    pub(super) services: FaultProxy,
    pub(super) own: FaultProxy,
    /// Follows `server`, which waits for it at every commit; made for promotions only.
    pub(super) standby: Option<Server>,
    /// Whether the standby is the primary that counts.
    pub(super) promoted: bool,
}

impl Stage {
    pub(super) async fn new(program: &Path, has_small_disk: bool) -> anyhow::Result<Self> {
        let small = has_small_disk.then_some(SMALL_DISK_BYTES);
        let server = tokio::task::spawn_blocking(move || {
            let builder = Server::builder()
                .setting("max_connections", CONNECTIONS_MAX)
                .setting("wal_level", "replica")
                .setting("log_line_prefix", LOG_PREFIX)
                // What was acknowledged survives a crash.
                .setting("synchronous_commit", "on");
            match small {
                Some(bytes) => builder.small_disk(bytes).start(),
                None => builder.start(),
            }
        })
        .await??;
        let database = if has_small_disk {
            server.create_database_on_small_disk("template1", "load").await?;
            "load".to_owned()
        } else {
            server.fresh_database("load").await?
        };
        create_roles(&server.url(SUPERUSER, &database)).await?;
        let services = FaultProxy::start(server.port()).await?;
        let own = FaultProxy::start(server.port()).await?;
        let program = program.to_owned();
        Ok(Self { program, server, database, services, own, standby: None, promoted: false })
    }

    /// Makes a standby and lets every commit wait for it.
    pub(super) async fn follow(&mut self) -> anyhow::Result<()> {
        self.standby = Some(self.server.standby().await?);
        let client = self.superuser().await?;
        client.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await?;
        client.batch_execute("SELECT pg_reload_conf()").await?;
        let synchronous =
            "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
        until(&client, "commits wait for the standby", synchronous).await
    }

    /// The server that counts.
    pub(super) fn survivor(&self) -> &Server {
        self.standby.as_ref().filter(|_| self.promoted).unwrap_or(&self.server)
    }

    /// The database, without anything in between.
    pub(super) fn url(&self, role: &str) -> String {
        self.survivor().url(role, &self.database)
    }

    fn url_by(&self, role: &str, proxy: &FaultProxy) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{}", proxy.port(), self.database)
    }

    /// Starts an instance.
    pub(super) fn start(
        &self,
        release: &str,
        owner: Owner,
        batch_rows: &str,
    ) -> anyhow::Result<Central> {
        let owner_url = match owner {
            Owner::Shared => Some(self.url_by(OWNER, &self.services)),
            Owner::Own => Some(self.url_by(OWNER, &self.own)),
            Owner::None => None,
        };
        let service_url = self.url_by(SERVICE, &self.services);
        let start = Start {
            program: &self.program,
            release,
            service_url: &service_url,
            owner_url: owner_url.as_deref(),
        };
        Central::start_with(&start, &["--lease-ms", LEASE_MS, "--batch-rows", batch_rows])
    }

    /// Starts a central of an undisturbed run in a database of its own, beside everything.
    pub(super) fn start_undisturbed(
        &self,
        release: &str,
        database: &str,
    ) -> anyhow::Result<Central> {
        let (service_url, owner_url) =
            (self.survivor().url(SERVICE, database), self.survivor().url(OWNER, database));
        Central::start(&Start {
            program: &self.program,
            release,
            service_url: &service_url,
            owner_url: Some(&owner_url),
        })
    }

    /// A superuser's connection: seats are kept for it.
    pub(super) async fn superuser(&self) -> anyhow::Result<Client> {
        connect(&self.url(SUPERUSER)).await
    }

    /// How many lines the server has logged since `mark` with this SQLSTATE for this role.
    pub(super) fn logged(&self, mark: usize, state: &str, role: &str) -> usize {
        let wanted = format!(" {state} {role} ");
        let log = self.server.log_since(mark);
        log.lines().filter(|line| line.contains(&wanted) && !line.contains("HINT:")).count()
    }
}

/// Asks until the answer is yes.
pub(super) async fn until(client: &Client, what: &str, sql: &str) -> anyhow::Result<()> {
    until_more(client, what, sql, None).await
}

/// The same for a question about a number ($1).
pub(super) async fn until_more(
    client: &Client,
    what: &str,
    sql: &str,
    number: Option<i64>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    while began.elapsed() < STATE_WAIT {
        let row = match number {
            Some(number) => client.query_one(sql, &[&number]).await,
            None => client.query_one(sql, &[]).await,
        };
        if row.with_context(|| format!("asking whether {what}"))?.get(0) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("not reached: {what}")
}
