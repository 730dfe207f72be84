//! A hot standby of a running server in one call, and its promotion.
//!
//! The base copy is made over SQL by the low-level backup functions, since not every set of binaries
//! has `pg_basebackup`: begin the backup, copy the files while they change, end it, and put the label
//! that it returns beside the copy. A replication slot keeps the WAL from before the copy on, so the
//! copy needs none of its own. The connection that began the backup must be the one that ends it.
//!
//! The standby is a [`Server`] like any other: read-only until [`Server::promote`].

use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

use crate::base_copy::{copy_folder, write};
use crate::builder::append;
use crate::error::{AdminError, StandbyError, StartError};
use crate::folder;
use crate::port;
use crate::postmaster::Postmaster;
use crate::server::Server;
use crate::watchdog::Watchdog;

/// Beginning a backup makes a checkpoint: milliseconds for a small server, longer on a busy machine.
const BACKUP_DEADLINE: Duration = Duration::from_secs(60);

/// Replaying what was written while 40 MB were copied, or ending recovery: below a second.
const CATCH_UP_DEADLINE: Duration = Duration::from_secs(60);

/// Writes and commits something that no table sees.
const FLUSH: &str =
    "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'flush', '')";

/// How often a standby's state is looked at.
const POLL: Duration = Duration::from_millis(10);

impl Server {
    /// Starts a hot standby that streams from this server, and waits until it takes reading
    /// connections and has what this server had when asked.
    ///
    /// Errors: the server has tablespaces; it does not keep enough for a standby (`wal_level`,
    /// `max_wal_senders`, `max_replication_slots`); the copy does not start.
    pub async fn standby(&self) -> Result<Self, StandbyError> {
        let slot = format!("standby_{}", self.next_number());
        let (binaries, account) = self.kind();
        let primary = connect(self).await?;
        ask(
            &primary,
            "make a slot on",
            "SELECT pg_create_physical_replication_slot($1, true)::text",
            &slot,
        )
        .await?;
        let folder = folder::make(None, self.data_dir().starts_with("/dev/shm"), &account)?;
        let mut watchdog = Watchdog::start(folder)?;
        let (begin, end) = if self.major() >= 15 {
            (
                "SELECT pg_backup_start($1, true)::text",
                "SELECT labelfile, spcmapfile FROM pg_backup_stop(false)",
            )
        } else {
            (
                "SELECT pg_start_backup($1, true, false)::text",
                "SELECT labelfile, spcmapfile FROM pg_stop_backup(false, false)",
            )
        };
        ask(&primary, "begin a backup of", begin, &slot).await?;
        let (from, to) = (self.data_dir(), watchdog.folder().join("data"));
        let (copy_from, copy_to, owner) = (from.clone(), to.clone(), account.clone());
        tokio::task::spawn_blocking(move || copy_folder(&copy_from, &copy_to, &owner))
            .await
            .map_err(|_| StandbyError::Copy)??;
        let row = bounded("end the backup of", primary.query_one(end, &[])).await?;
        if row.get::<_, Option<String>>(1).is_some_and(|map| !map.trim().is_empty()) {
            return Err(StandbyError::Tablespaces);
        }
        write(&to.join("backup_label"), row.get(0), &account)?;
        write(&to.join("standby.signal"), "", &account)?;

        let port = port::pick()?;
        let socket = watchdog.folder().to_string_lossy().into_owned();
        let primary_port = self.port();
        append(
            &to.join("postgresql.conf"),
            &format!(
                "\nport = {port}\nunix_socket_directories = '{socket}'\nhot_standby = on\n\
                 primary_conninfo = 'host=127.0.0.1 port={primary_port} user=postgres'\n\
                 primary_slot_name = '{slot}'\n"
            ),
        )?;
        let standby = tokio::task::spawn_blocking(move || {
            let postmaster = Postmaster::start(&binaries, &account, None, &mut watchdog)?;
            Ok::<_, StartError>(Self::new(binaries, account, port, None, (postmaster, watchdog)))
        })
        .await
        .map_err(|_| StandbyError::Copy)??;
        standby.wait_for_replay(self).await?;
        Ok(standby)
    }

    /// Waits until this standby has replayed all that its primary had written when asked.
    ///
    /// Errors: one of the two does not answer, or it takes longer than a minute.
    pub async fn wait_for_replay(&self, primary: &Self) -> Result<(), StandbyError> {
        let leader = connect(primary).await?;
        // A commit that waits for the disk: what was written before it is flushed then, also what
        // commits without waiting, which the test profile does.
        bounded("flush", leader.batch_execute(FLUSH)).await?;
        let position = "SELECT pg_current_wal_flush_lsn()::text";
        let row = bounded("read the position of", leader.query_one(position, &[])).await?;
        let target: String = row.get(0);
        let caught_up = "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)";
        self.wait_for("replayed its primary's writes", caught_up, &[&target]).await
    }

    /// Makes this standby a primary, on a timeline of its own, and waits until it takes writes. The
    /// old primary is left alone.
    ///
    /// Errors: it is no standby, or recovery does not end within a minute.
    pub async fn promote(&self) -> Result<(), StandbyError> {
        let client = connect(self).await?;
        bounded("promote", client.query_one("SELECT pg_promote(true, 60)", &[])).await?;
        self.wait_for("become a primary", "SELECT NOT pg_is_in_recovery()", &[]).await
    }

    /// Asks a question until the answer is yes.
    async fn wait_for(
        &self,
        what: &'static str,
        sql: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<(), StandbyError> {
        let client = connect(self).await?;
        let started = Instant::now();
        while started.elapsed() < CATCH_UP_DEADLINE {
            if bounded("look at", client.query_one(sql, parameters)).await?.get(0) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(StandbyError::TookTooLong { what, deadline: CATCH_UP_DEADLINE })
    }
}

/// Connects as superuser; the connection's task ends with the client.
async fn connect(server: &Server) -> Result<Client, StandbyError> {
    let url = server.url("postgres", "postgres");
    let (client, connection) =
        bounded_by(tokio_postgres::connect(&url, NoTls), "connect to", AdminError::Connect).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn ask(
    client: &Client,
    action: &'static str,
    sql: &str,
    parameter: &str,
) -> Result<(), StandbyError> {
    bounded(action, client.query_one(sql, &[&parameter])).await.map(|_row| ())
}

async fn bounded<T>(
    action: &'static str,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StandbyError> {
    let failed = |source| AdminError::Statement { action, database: "postgres".to_owned(), source };
    bounded_by(work, action, failed).await
}

async fn bounded_by<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    action: &'static str,
    failed: impl FnOnce(tokio_postgres::Error) -> AdminError,
) -> Result<T, StandbyError> {
    match tokio::time::timeout(BACKUP_DEADLINE, work).await {
        Ok(outcome) => Ok(outcome.map_err(failed)?),
        Err(_elapsed) => Err(AdminError::TookTooLong {
            action,
            database: "postgres".to_owned(),
            deadline: BACKUP_DEADLINE,
        }
        .into()),
    }
}
