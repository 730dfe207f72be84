//! The servers of one lane. One scenario runs on a lane at a time, so it may do to them what it likes,
//! and a slot that is being made waits for nobody else's transactions.

use super::shop::{self, Folders};
use changeover_postgres::{Builder, Server};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

/// Few, so that others can take them all; enough for two migrators and the harness.
const CONNECTIONS_MAX: &str = "36";
/// A database of the shop has some 9 MB; this holds one, and what it grows by.
const SMALL_DISK_BYTES: u64 = 40 * 1024 * 1024;

/// The lease: short, so that takeovers do not make the hour.
const LEASE_MS_MIN: u32 = 300;
/// The longest one that a busy machine gets.
const LEASE_MS_MAX: u32 = 4_800;

/// A lane's servers, with the shop's templates.
pub(super) struct Lane {
    major: Option<u16>,
    main: Server,
    cramped: OnceCell<Server>,
    lease_ms: AtomicU32,
}

impl Lane {
    /// Starts the server that most scenarios need.
    pub(super) async fn start(
        major: Option<u16>,
        program: &Path,
        folders: &Folders,
    ) -> anyhow::Result<Self> {
        let main = start(builder(major)).await?;
        shop::prepare(&main, program, folders).await?;
        Ok(Self { major, main, cramped: OnceCell::new(), lease_ms: AtomicU32::new(LEASE_MS_MIN) })
    }

    /// The same with new servers.
    pub(super) async fn anew(self, program: &Path, folders: &Folders) -> anyhow::Result<Self> {
        let major = self.major;
        drop(self);
        Self::start(major, program, folders).await
    }

    /// The lease for the next try of a scenario. On a machine so busy that opening a connection takes
    /// longer than a lease, nobody holds a term for long enough to do anything.
    pub(super) fn lease_ms(&self) -> u32 {
        self.lease_ms.load(Ordering::Relaxed)
    }

    /// Makes the lease longer; `false` where it is as long as it gets.
    pub(super) fn too_busy(&self) -> bool {
        let lease_ms = self.lease_ms();
        self.lease_ms.store((lease_ms * 4).min(LEASE_MS_MAX), Ordering::Relaxed);
        lease_ms < LEASE_MS_MAX
    }

    /// Makes it shorter again.
    pub(super) fn quick_enough(&self) {
        self.lease_ms.store((self.lease_ms() / 2).max(LEASE_MS_MIN), Ordering::Relaxed);
    }

    /// The server for most scenarios.
    pub(super) fn main(&self) -> &Server {
        &self.main
    }

    /// The server with a small disk, started when first needed.
    pub(super) async fn cramped(
        &self,
        program: &Path,
        folders: &Folders,
    ) -> anyhow::Result<&Server> {
        let start = async || {
            let server = start(builder(self.major).small_disk(SMALL_DISK_BYTES)).await?;
            shop::prepare(&server, program, folders).await?;
            anyhow::Ok(server)
        };
        self.cramped.get_or_try_init(start).await
    }
}

fn builder(major: Option<u16>) -> Builder {
    let builder = Server::builder()
        .setting("wal_level", "logical")
        .setting("max_connections", CONNECTIONS_MAX)
        // Says whose session a line is about.
        .setting("log_line_prefix", "%m [%p] %u ")
        // What was committed survives a crash; batches of a backfill choose otherwise by themselves.
        .setting("synchronous_commit", "on");
    major.map_or(builder.clone(), |major| builder.major(major))
}

async fn start(builder: Builder) -> anyhow::Result<Server> {
    Ok(tokio::task::spawn_blocking(move || builder.start()).await??)
}
