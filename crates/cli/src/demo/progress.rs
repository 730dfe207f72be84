//! What happens now: spinners and bars on a terminal, plain lines in a pipe. All on standard error,
//! so that standard output holds the result alone.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    output::Output,
    view::style::{DONE, FAINT, HEADING, WARNING, paint},
};

/// In a pipe, a long task says how it stands this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Shows tasks one after the other.
pub(crate) struct Progress {
    output: Output,
    terminal: bool,
    started: Instant,
    /// The bar of the last task: a line must not be written into it.
    bar: Mutex<Option<ProgressBar>>,
}

/// One task. Dropping it without [`Task::done`] removes it from the terminal.
pub(crate) struct Task {
    output: Output,
    title: String,
    bar: ProgressBar,
    terminal: bool,
    begun: Instant,
    started: Instant,
    said: Mutex<Instant>,
}

impl Progress {
    /// Looks whether standard error is a terminal.
    pub(crate) fn new(output: Output) -> Progress {
        let terminal = output.is_progress_terminal();
        Progress { output, terminal, started: Instant::now(), bar: Mutex::new(None) }
    }

    /// Begins a task.
    pub(crate) fn task(&self, title: impl Into<String>) -> Task {
        let title = title.into();
        let bar = if self.terminal {
            let bar = ProgressBar::new_spinner().with_style(style(
                "{spinner:.cyan} {prefix:.bold}  {wide_msg:.dim} {elapsed:>4.dim}",
            ));
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
        };
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        let now = Instant::now();
        let task = Task {
            output: self.output.clone(),
            title,
            bar,
            terminal: self.terminal,
            begun: now,
            started: self.started,
            said: Mutex::new(now),
        };
        task.line(&format!("{} …", task.title));
        task
    }

    /// Something that went wrong and does not end the task that is under way.
    pub(crate) fn warn(&self, text: &str) {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let line = paint(WARNING, text);
        match bar.filter(|_| self.terminal) {
            Some(bar) => bar.suspend(|| show(&self.output, &line)),
            None => show(&self.output, &line),
        }
    }

    /// A heading.
    pub(crate) fn heading(&self, text: &str) {
        show(&self.output, &format!("\n{}", paint(HEADING, text)));
    }
}

impl Task {
    /// Says how it stands, in a few words.
    pub(crate) fn say(&self, text: impl Into<String>) {
        let text = text.into();
        if self.terminal {
            self.bar.set_message(text);
            return;
        }
        let Ok(mut said) = self.said.lock() else {
            return;
        };
        if said.elapsed() >= PLAIN_EVERY {
            *said = Instant::now();
            self.line(&format!("{}: {text}", self.title));
        }
    }

    /// Says how much is done of how much; the rest of the time is estimated.
    pub(crate) fn amount(&self, done: u64, total: u64, what: &str) {
        if self.terminal {
            if self.bar.length() != Some(total) {
                self.bar.set_length(total);
                self.bar.set_style(style(
                    "{spinner:.cyan} {prefix:.bold}  {bar:24.cyan/dim} {human_pos} of {human_len} \
                     rows  {per_sec:.dim}  {eta:.dim} left  {msg:.dim}",
                ));
            }
            self.bar.set_position(done);
            self.bar.set_message(what.to_owned());
            return;
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let left = seconds * (total.saturating_sub(done)) as f64 / (done.max(1)) as f64;
        let percent = done * 100 / total.max(1);
        self.say(format!("{percent} % ({what}), {left:.0} s left"));
    }

    /// Ends it with what came out.
    pub(crate) fn done(self, text: impl AsRef<str>) {
        self.bar.finish_and_clear();
        let (text, seconds) = (text.as_ref(), self.begun.elapsed().as_secs_f64());
        if self.terminal {
            let took = paint(FAINT, format!("{seconds:.1} s"));
            show(&self.output, &format!("{} {text}  {took}", paint(DONE, "✓")));
        } else {
            self.line(&format!("{text} ({seconds:.1} s)"));
        }
    }

    /// A plain line, where there is no terminal.
    fn line(&self, text: &str) {
        if !self.terminal {
            let at = self.started.elapsed().as_secs_f64();
            show(&self.output, &format!("[{at:6.1} s] {text}"));
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Progress that nobody can read is no reason to stop.
fn show(output: &Output, text: &str) {
    output.note(text).ok();
}
