//! What is shown while steps run, read from the ledger by a connection of its own, so that it is
//! the same whether this process runs the steps or another does.
//!
//! - [`bars`]: on a terminal. [`lines`]: in a pipe. [`changes`]: what is new since the last look.
//! - [`watcher`]: reads the status again and again, and survives lost connections.

mod bars;
mod changes;
mod lines;
mod watcher;

pub(crate) use lines::Lines;
pub(crate) use watcher::Watcher;

use crate::failure::Failure;
use crate::output::Output;
use changeover::status::Status;

/// Progress on stderr: stdout is kept for the result.
pub(crate) enum Progress {
    /// On a terminal.
    Bars(bars::Bars),
    /// In a pipe.
    Lines(Lines),
}

impl Progress {
    /// Begins; what `baseline` says already is not told again.
    pub(crate) fn begin(output: &Output, baseline: Option<&Status>) -> Self {
        if output.is_progress_terminal() {
            Self::Bars(bars::Bars::new(baseline))
        } else {
            Self::Lines(Lines::to_stderr(baseline))
        }
    }

    /// Shows where the application stands now. Where nobody can see it (a closed stderr), the work
    /// goes on all the same: progress is not what was asked for.
    pub(crate) fn show(&mut self, output: &Output, status: &Status) {
        tell(match self {
            Self::Bars(bars) => bars.show(status),
            Self::Lines(lines) => lines.show(output, status),
        });
    }

    /// Says something in between.
    pub(crate) fn say(&self, output: &Output, text: &str) {
        tell(match self {
            Self::Bars(bars) => bars.say(text),
            Self::Lines(_) => output.note(text),
        });
    }

    /// Takes the bars away.
    pub(crate) fn end(self) {
        if let Self::Bars(bars) = self {
            bars.end();
        }
    }
}

fn tell(shown: Result<(), Failure>) {
    if let Err(failure) = shown {
        tracing::debug!(?failure, "progress was not shown");
    }
}
