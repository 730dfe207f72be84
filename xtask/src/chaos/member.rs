//! A process that takes part: a central, or a worker in Rust, Python or Node that shares `tally` and `greet`
//! with those of the other languages. Python and Node run under `changeover agent`.
//!
//! Its release's name in the ledger is its own but for a central's, so that its sessions can be told apart.

use crate::central_process::Central;
use anyhow::{Context, bail};
use changeover_verify::fault_proxy::FaultProxy;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

/// For how long a process may take until it is ready, or has gone.
const STATE_WAIT: Duration = Duration::from_secs(60);

const READY: &str = "SELECT EXISTS (
    SELECT FROM changeover.instance i JOIN changeover.worker_candidate c ON c.instance = i.id
     WHERE i.release = $1 AND i.state = 'serving' AND i.left_at IS NULL
       AND EXISTS (SELECT FROM changeover.job_consumer j WHERE j.instance = i.id))";

/// What runs in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Program {
    Central,
    Rust,
    Python,
    Node,
}

impl Program {
    /// As it stands in a release's name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// Whether an agent stands beside it.
    pub(super) fn has_agent(self) -> bool {
        matches!(self, Self::Python | Self::Node)
    }
}

enum Process {
    Central(Central),
    Other { child: Child, log: NamedTempFile },
}

/// Which of its processes is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The process that works, where an agent stands beside it.
    Worker,
    /// The agent alone.
    Agent,
}

/// One that takes part. Killed when dropped.
pub(super) struct Member {
    process: Process,
    pub(super) proxy: FaultProxy,
    pub(super) program: Program,
    pub(super) release: &'static str,
    /// The release's name in the ledger.
    pub(super) name: String,
}

impl Member {
    pub(super) fn central(central: Central, proxy: FaultProxy, release: &'static str) -> Self {
        let process = Process::Central(central);
        Self { process, proxy, program: Program::Central, release, name: release.to_owned() }
    }

    /// Starts the command, which logs into a file.
    pub(super) fn other(
        mut command: Command,
        proxy: FaultProxy,
        program: Program,
        release: &'static str,
        name: String,
    ) -> anyhow::Result<Self> {
        let log = NamedTempFile::new().context("a file for the log")?;
        command.stderr(log.reopen()?).stdout(std::process::Stdio::null()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("starting {}", program.word()))?;
        Ok(Self { process: Process::Other { child, log }, proxy, program, release, name })
    }

    /// Waits until it works.
    pub(super) async fn ready(&mut self, client: &tokio_postgres::Client) -> anyhow::Result<()> {
        let name = self.name.clone();
        let (child, log) = match &mut self.process {
            Process::Central(central) => return central.ready().await,
            Process::Other { child, log } => (child, log),
        };
        let deadline = tokio::time::Instant::now() + STATE_WAIT;
        while !client.query_one(READY, &[&name]).await?.get::<_, bool>(0) {
            let said = || std::fs::read_to_string(log.path()).unwrap_or_default();
            if let Some(status) = child.try_wait()? {
                bail!("{name} has ended with {status}: {}", said());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("{name} is not ready after {STATE_WAIT:?}: {}", said());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The process that is registered: the agent's where there is one.
    pub(super) fn pid(&self) -> anyhow::Result<u32> {
        let pid = match &self.process {
            Process::Central(central) => central.pid(),
            Process::Other { child, .. } => child.id(),
        };
        pid.with_context(|| format!("{} has ended by itself", self.name))
    }

    /// The process that works.
    fn worker_pid(&self) -> anyhow::Result<u32> {
        let Process::Other { log, .. } = &self.process else { return self.pid() };
        if !self.program.has_agent() {
            return self.pid();
        }
        let said = std::fs::read_to_string(log.path())?;
        said.lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find_map(|line| line.get("pid").and_then(serde_json::Value::as_u64))
            .and_then(|pid| u32::try_from(pid).ok())
            .with_context(|| format!("{} has not said which process works: {said}", self.name))
    }

    /// Sends a signal by its name.
    pub(super) async fn signal(&self, part: Part, name: &str) -> anyhow::Result<()> {
        let pids = match part {
            Part::Worker => vec![self.worker_pid()?],
            Part::Agent => vec![self.pid()?],
            Part::Whole if self.program.has_agent() => vec![self.pid()?, self.worker_pid()?],
            Part::Whole => vec![self.pid()?],
        };
        for pid in pids {
            let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().await?;
            if !status.success() {
                bail!("signal {name} was not sent to {}", self.name);
            }
        }
        Ok(())
    }

    /// Posts JSON to a central; the status of the answer.
    pub(super) async fn post(&self, path: &str, body: &str) -> anyhow::Result<u16> {
        match &self.process {
            Process::Central(central) => central.post(path, body).await,
            Process::Other { .. } => bail!("{} answers no requests", self.name),
        }
    }

    /// Waits for its end.
    pub(super) async fn wait(self) -> anyhow::Result<()> {
        match self.process {
            Process::Central(central) => central.wait().await,
            Process::Other { mut child, log } => {
                let ended = tokio::time::timeout(STATE_WAIT, child.wait()).await;
                let said = || std::fs::read_to_string(log.path()).unwrap_or_default();
                ended.with_context(|| format!("{} does not end: {}", self.name, said()))??;
                Ok(())
            }
        }
    }

    /// SIGKILL: an agent's process dies with it.
    pub(super) async fn kill(self) -> anyhow::Result<()> {
        match self.process {
            Process::Central(central) => central.kill().await,
            Process::Other { mut child, .. } => Ok(child.kill().await?),
        }
    }
}
