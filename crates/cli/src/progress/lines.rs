//! Progress in a pipe: a line for each change, and one every few seconds for what takes long.

use super::changes::{Changes, clock};
use crate::failure::Failure;
use crate::output::Output;
use crate::view::step;
use changeover::status::Status;
use std::time::{Duration, Instant};

/// How often a long step gets a line: often enough to see that it lives, seldom enough for a log.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Prints what changes.
pub(crate) struct Lines {
    changes: Changes,
    progress_at: Instant,
    to_stdout: bool,
}

impl Lines {
    /// For progress beside a result.
    pub(crate) fn to_stderr(baseline: Option<&Status>) -> Self {
        Self { changes: Changes::since(baseline), progress_at: Instant::now(), to_stdout: false }
    }

    /// Where the lines are what was asked for.
    pub(crate) fn to_stdout(baseline: Option<&Status>) -> Self {
        Self { to_stdout: true, ..Self::to_stderr(baseline) }
    }

    /// Prints what is new.
    pub(crate) fn show(&mut self, output: &Output, status: &Status) -> Result<(), Failure> {
        let time = clock(status.at);
        for line in self.changes.take(status) {
            self.print(output, &format!("{time} {line}"))?;
        }
        if self.progress_at.elapsed() < PROGRESS_EVERY {
            return Ok(());
        }
        self.progress_at = Instant::now();
        for running in status.steps.iter().filter(|step| step.state == "running") {
            if let Some(progress) = &running.progress {
                let progress = step::progress(running, progress);
                self.print(output, &format!("{time}   {}  {}", running.id, progress.trim()))?;
            }
        }
        Ok(())
    }

    fn print(&self, output: &Output, line: &str) -> Result<(), Failure> {
        if self.to_stdout { output.line(line) } else { output.note(line) }
    }
}
