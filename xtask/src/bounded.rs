//! Runs a program to its end within a bound, for chores that fetch something by its own client.

use anyhow::{Context as _, bail, ensure};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Runs it; its output is thrown away, its errors are shown.
pub(crate) fn run(command: &mut Command, limit: Duration) -> anyhow::Result<()> {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("{shown} does not start"))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("waiting for {shown}"))? {
            ensure!(status.success(), "{shown} failed: {status}");
            return Ok(());
        }
        if started.elapsed() > limit {
            child.kill().with_context(|| format!("stopping {shown}"))?;
            child.wait().with_context(|| format!("waiting for {shown}"))?;
            bail!("{shown} took longer than {} s", limit.as_secs());
        }
        std::thread::sleep(POLL);
    }
}
