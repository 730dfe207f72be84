//! Pausing a process from outside, by files: what fault tests do to a migrator in a process of its own.
//!
//! Used by the hidden options of `changeover migrate` and `central serve`. At the point that was asked
//! for, a file appears with one line of JSON about where the process is; it goes on once the file is
//! gone. Every wait is bounded, so that a test that dies leaves no process behind.

use crate::pause::{Hook, Pause, PausePoint, UnknownPausePoint};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// For how long a process stays paused: longer than any test needs.
const PAUSE_MAX: Duration = Duration::from_secs(120);
/// How often it looks whether it may go on.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Where to pause: `POINT`, `POINT:KIND` or `POINT:KIND:N`, e.g. `before-commit:backfill:2` for the second
/// time that a step of the kind `backfill` is about to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseAt {
    point: PausePoint,
    kind: Option<String>,
    nth: u32,
}

/// Why a text does not say where to pause.
#[derive(Debug, thiserror::Error)]
pub enum PauseAtError {
    /// The point is unknown.
    #[error(transparent)]
    Point(#[from] UnknownPausePoint),
    /// The number is none, or 0.
    #[error("`{0}` is not a count from 1 on")]
    Count(String),
}

impl std::str::FromStr for PauseAt {
    type Err = PauseAtError;

    fn from_str(text: &str) -> Result<Self, PauseAtError> {
        let mut parts = text.splitn(3, ':');
        let point = parts.next().unwrap_or_default().parse()?;
        let kind = parts.next().filter(|kind| !kind.is_empty()).map(str::to_owned);
        let nth = match parts.next() {
            None => 1,
            Some(count) => match count.parse() {
                Ok(nth) if nth > 0 => nth,
                _ => return Err(PauseAtError::Count(count.to_owned())),
            },
        };
        Ok(Self { point, kind, nth })
    }
}

impl PauseAt {
    fn matches(&self, pause: &Pause) -> bool {
        self.point == pause.point
            && self.kind.as_deref().is_none_or(|kind| pause.kind == Some(kind))
    }
}

/// The hook that pauses once and keeps a trace of all points passed.
pub fn hook(at: Option<(PauseAt, PathBuf)>, trace: Option<PathBuf>) -> Hook {
    let seen = Arc::new(AtomicU32::new(0));
    Hook::new(move |pause| {
        let (at, trace, seen) = (at.clone(), trace.clone(), Arc::clone(&seen));
        async move {
            if let Some(trace) = trace {
                told(append(&trace, &line(&pause)), &trace);
            }
            let Some((at, file)) = at else { return };
            if at.matches(&pause) && seen.fetch_add(1, Ordering::SeqCst) + 1 == at.nth {
                told(place(&file, &line(&pause)), &file);
                until_gone(&file).await;
            }
        }
    })
}

fn line(pause: &Pause) -> String {
    serde_json::json!({
        "point": pause.point.name(),
        "step": pause.step.as_ref().map(|step| step.as_str().to_owned()),
        "kind": pause.kind,
        "epoch": pause.epoch,
        "pid": std::process::id(),
        "backend_pid": pause.backend_pid,
    })
    .to_string()
}

fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(open, "{line}")
}

/// Whole or not at all: a process that waits for the file reads it as soon as it is there.
fn place(file: &Path, line: &str) -> std::io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    std::fs::write(&unfinished, line)?;
    std::fs::rename(unfinished, file)
}

async fn until_gone(file: &Path) {
    let deadline = tokio::time::Instant::now() + PAUSE_MAX;
    while file.exists() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn told(outcome: std::io::Result<()>, file: &Path) {
    if let Err(error) = outcome {
        tracing::error!(error = crate::error::chain(&error), file = %file.display(), "the pause could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_pause_is_read() {
        let at: PauseAt = "before-commit:backfill:2".parse().unwrap();
        assert_eq!(at.nth, 2);
        let mut pause = Pause::at(PausePoint::BeforeCommit, None, 1, 1);
        assert!(!at.matches(&pause), "no step, so not of that kind");
        pause.kind = Some("backfill");
        assert!(at.matches(&pause));
        assert!("term-granted".parse::<PauseAt>().is_ok());
        for (text, wrong) in [("soon", "no pause point"), ("after-batch:backfill:0", "`0`")] {
            let error = text.parse::<PauseAt>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }
}
