//! pgbench: from the server's binaries where they have it, else the machine's.

use anyhow::{Context, bail};
use changeover_postgres::Server;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Clients, as in the table.
const CLIENTS: &str = "8";

/// Where it is.
pub(super) struct PgBench {
    program: PathBuf,
}

impl PgBench {
    /// Finds it.
    pub(super) fn find(server: &Server) -> anyhow::Result<Self> {
        let own = server.bin_dir().join("pgbench");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::iter::once(own)
            .chain(std::env::split_paths(&path).map(|folder| folder.join("pgbench")))
            .find(|program| program.is_file());
        let Some(program) = program else {
            bail!("no pgbench, neither with the server's binaries nor in PATH");
        };
        Ok(Self { program })
    }

    /// Makes the tables.
    pub(super) async fn prepare(&self, url: &str, scale: u32) -> anyhow::Result<()> {
        let output = Command::new(&self.program)
            .args(["-i", "-q", "-s", &scale.to_string(), url])
            .output()
            .await
            .context("pgbench does not start")?;
        if !output.status.success() {
            bail!("pgbench -i: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Transactions a second of a closed loop, in ten seconds.
    pub(super) async fn capacity(&self, server: &Server, scale: u32) -> anyhow::Result<f64> {
        let database = server.fresh_database("capacity").await?;
        let url = server.url("postgres", &database);
        self.prepare(&url, scale).await?;
        let output = Command::new(&self.program)
            .args(["-N", "-n", "-c", CLIENTS, "-j", "2", "-T", "10", &url])
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
            .with_context(|| format!("no tps in what pgbench says: {text}"))
    }

    /// Begins a load that goes on until it is ended; each transaction is logged into `folder`.
    pub(super) fn load(&self, url: &str, rate: f64, folder: &Path) -> anyhow::Result<Child> {
        Command::new(&self.program)
            .args(["-N", "-n", "-c", CLIENTS, "-j", "1", "-T", "1200", "-l"])
            .args(["-R", &format!("{rate:.0}"), "--log-prefix", "load", url])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("pgbench does not start")
    }
}
