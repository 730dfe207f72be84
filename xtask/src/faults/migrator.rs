//! One `changeover migrate` in a process of its own, which can be paused, stopped and killed.
//!
//! What it prints goes to a file, so that it never waits for us and a failure can be explained. It is
//! killed when dropped, also while it is stopped.

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The lease of a run that is to be undisturbed: a busy machine must not make it lose its term.
pub(super) const LONG_LEASE_MS: u32 = 20_000;
/// How often a waiter looks.
const POLL_MS: &str = "50";
/// Rows of a batch: the orders of the shop make six of them.
const BATCH_ROWS: &str = "100";
/// What one batch may take: so long that no batch is made smaller, and their number is always the same.
const BATCH_MS: &str = "10000";
/// How often a process or a file is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How much of what it printed is shown, in bytes.
const LOG_BYTES_MAX: usize = 6_000;

/// What to start.
pub(super) struct Migrate<'a> {
    pub(super) program: &'a Path,
    pub(super) url: &'a str,
    pub(super) folder: &'a Path,
    /// Where its own files go.
    pub(super) scratch: &'a Path,
    /// Tells this process's files from others'.
    pub(super) name: &'a str,
    /// `POINT`, `POINT:KIND` or `POINT:KIND:N`.
    pub(super) pause_at: Option<&'a str>,
    pub(super) lease_ms: u32,
}

impl<'a> Migrate<'a> {
    /// Runs to the end without a pause.
    pub(super) fn plain(
        program: &'a Path,
        url: &'a str,
        folder: &'a Path,
        scratch: &'a Path,
    ) -> Self {
        Self {
            program,
            url,
            folder,
            scratch,
            name: "plain",
            pause_at: None,
            lease_ms: LONG_LEASE_MS,
        }
    }
}

/// Where a process is, as it tells itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Place {
    pub(super) point: String,
    pub(super) kind: Option<String>,
    /// 0 before there is one.
    pub(super) backend_pid: i32,
}

/// The running process.
pub(super) struct Migrator {
    child: Child,
    pause: Option<PathBuf>,
    trace: PathBuf,
    log: PathBuf,
}

impl Migrator {
    /// Starts it.
    pub(super) fn start(migrate: &Migrate<'_>) -> anyhow::Result<Self> {
        let file = |what: &str| migrate.scratch.join(format!("{}.{what}", migrate.name));
        let mut command = Command::new(migrate.program);
        command
            .args(["migrate", "--app", super::APP, "--database-url", migrate.url])
            .arg("--migrations")
            .arg(migrate.folder)
            .args(["--lease-ms", &migrate.lease_ms.to_string()])
            .args(["--poll-ms", POLL_MS, "--batch-rows", BATCH_ROWS, "--batch-ms", BATCH_MS])
            // The table in the database at the beginning is the oracle's.
            .args(["--rest", "0", "--label-commits", "--fresh"])
            // No settings of a project's file are meant.
            .current_dir(migrate.folder)
            .env("CHANGEOVER_LOG", "changeover=debug")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let pause = migrate.pause_at.map(|_| file("pause"));
        if let (Some(at), Some(path)) = (migrate.pause_at, &pause) {
            command.args(["--pause-at", at, "--pause-file"]).arg(path);
        }
        let trace = file("trace");
        command.arg("--pause-trace").arg(&trace);
        let log = file("log");
        let out = std::fs::File::create(&log)?;
        command.stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().context("starting changeover migrate")?;
        Ok(Self { child, pause, trace, log })
    }

    /// Waits until it is paused, and says where; `None` where it does not come to it in time.
    pub(super) async fn paused(&mut self, wait: Duration) -> anyhow::Result<Option<Place>> {
        let path = self.pause.clone().context("no pause was asked for")?;
        let began = Instant::now();
        while began.elapsed() < wait {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return Ok(Some(serde_json::from_str(&text)?));
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}) before it came to its pause\n{}", self.log());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }

    /// Ends the pause.
    pub(super) fn go_on(&self) -> anyhow::Result<()> {
        let Some(path) = &self.pause else { return Ok(()) };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        kill_process(pid.context("it has ended")?, signal).context("signalling it")
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for its end.
    pub(super) async fn end(&mut self, wait: Duration) -> anyhow::Result<ExitStatus> {
        match tokio::time::timeout(wait, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_elapsed) => bail!("it did not end within {wait:?}\n{}", self.log()),
        }
    }

    /// Waits for its end, which must be a good one.
    pub(super) async fn succeed(mut self, wait: Duration) -> anyhow::Result<()> {
        let status = self.end(wait).await?;
        ensure!(status.success(), "it ended with {status}\n{}", self.log());
        Ok(())
    }

    /// The points that it passed, in this order.
    pub(super) fn trace(&self) -> anyhow::Result<Vec<Place>> {
        let text = std::fs::read_to_string(&self.trace).context("the trace")?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// The end of what it printed.
    pub(super) fn log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.ceil_char_boundary(text.len().saturating_sub(LOG_BYTES_MAX));
        text[from..].to_owned()
    }
}
