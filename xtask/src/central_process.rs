//! Central as a process of its own: the program `changeover` spawned as `central serve`.
//!
//! The program is built first, in the profile of this chore, so that what runs is what is in the tree.

use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// For how long an instance may take until it is ready.
const READY_WAIT: Duration = Duration::from_secs(120);

/// Builds the program and says where it is.
pub(crate) async fn build() -> anyhow::Result<PathBuf> {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(["build", "--quiet", "--package", "changeover-cli", "--bin", "changeover"]);
    let own = std::env::current_exe()?;
    let folder = own.parent().context("the chore's own folder")?.to_owned();
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().await.context("running cargo")?;
    if !status.success() {
        bail!("the program changeover does not build");
    }
    Ok(folder.join("changeover"))
}

/// One running instance. Killed when dropped.
pub(crate) struct Central {
    child: Child,
    port: u16,
    /// What it logs. A file: a pipe that nobody reads would stop it once it is full.
    log: NamedTempFile,
}

/// How to start one.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a PathBuf,
    pub(crate) release: &'a str,
    pub(crate) service_url: &'a str,
    /// `None`: it never migrates.
    pub(crate) owner_url: Option<&'a str>,
}

impl Central {
    /// Starts it on a free port; does not wait until it is ready.
    pub(crate) fn start(start: &Start<'_>) -> anyhow::Result<Self> {
        Self::start_with(start, &[])
    }

    /// The same, with more arguments.
    pub(crate) fn start_with(start: &Start<'_>, arguments: &[&str]) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = NamedTempFile::new().context("a file for the log")?;
        let child = Command::new(start.program)
            .args(["central", "serve", "--release", start.release])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--database-url", start.service_url])
            .args(start.owner_url.iter().flat_map(|url| ["--owner-url", url]))
            .args(["--pool-size", "4", "--propagation-ms", "100", "--idle-ms", "100"])
            // What is struck stands still for longer than clients would be kept waiting.
            .args(["--pool-wait-ms", "5000"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log.reopen()?)
            .env("NO_COLOR", "1")
            .kill_on_drop(true)
            .spawn()
            .context("starting central")?;
        Ok(Self { child, port, log })
    }

    /// Waits until `/readyz` says yes; fails with what it wrote where it has ended.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + READY_WAIT;
        while tokio::time::Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("central has ended with {status}: {}", self.log()?);
            }
            if self.get("/readyz").await.is_ok_and(|status| status == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("central is not ready after {READY_WAIT:?}")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(self.log.path()).context("reading central's log")
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().context("central has ended")?;
        let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().await?;
        if !status.success() {
            bail!("signal {name} was not sent");
        }
        Ok(())
    }

    /// Waits for its end.
    pub(crate) async fn wait(mut self) -> anyhow::Result<()> {
        tokio::time::timeout(READY_WAIT, self.child.wait())
            .await
            .context("central does not end")??;
        Ok(())
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    async fn get(&self, path: &str) -> anyhow::Result<u16> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: central\r\nConnection: close\r\n\r\n"))
            .await
    }

    /// Posts JSON; the status of the answer.
    pub(crate) async fn post(&self, path: &str, body: &str) -> anyhow::Result<u16> {
        let length = body.len();
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nHost: central\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    async fn exchange(&self, request: &str) -> anyhow::Result<u16> {
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            anyhow::Ok(answer)
        };
        let answer = tokio::time::timeout(Duration::from_secs(10), exchange).await??;
        answer.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP status")
    }
}
