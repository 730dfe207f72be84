//! Progress on a terminal: finished steps scroll by, running ones have a bar each.

use super::changes::Changes;
use crate::failure::Failure;
use crate::view::step;
use changeover::status::{Status, StepStatus};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Duration;

/// Steps without figures turn a wheel this often, so that one sees the program alive.
const WHEEL_EVERY: Duration = Duration::from_millis(120);
/// Two lines: what is done, and how far it is.
const BAR: &str = "{spinner} {prefix}\n  {bar:10} {msg}";
/// One line, where nobody counts.
const WHEEL: &str = "{spinner} {prefix}  {elapsed}";

/// The bars of the running steps.
pub(crate) struct Bars {
    changes: Changes,
    screen: MultiProgress,
    running: BTreeMap<String, ProgressBar>,
}

impl Bars {
    /// Begins with an empty screen.
    pub(super) fn new(baseline: Option<&Status>) -> Self {
        Self {
            changes: Changes::since(baseline),
            screen: MultiProgress::new(),
            running: BTreeMap::new(),
        }
    }

    /// Draws what runs, and scrolls what has ended.
    pub(super) fn show(&mut self, status: &Status) -> Result<(), Failure> {
        for line in self.changes.take(status) {
            // What begins has a bar; a line would say it twice.
            if !line.contains("  begins  ") {
                self.say(&line)?;
            }
        }
        let runs = |id: &str| status.steps.iter().any(|step| step.id == id && is_running(step));
        self.running.retain(|id, bar| {
            let stays = runs(id);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for step in status.steps.iter().filter(|step| is_running(step)) {
            self.draw(step)?;
        }
        Ok(())
    }

    /// Scrolls a line past above the bars.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        self.screen
            .println(text)
            .map_err(|error| Failure::new("the progress cannot be shown", error))
    }

    /// Takes the bars away.
    pub(super) fn end(self) {
        for bar in self.running.values() {
            bar.finish_and_clear();
        }
    }

    fn draw(&mut self, step: &StepStatus) -> Result<(), Failure> {
        let wheel = style(WHEEL)?;
        let bar = self.running.entry(step.id.clone()).or_insert_with(|| {
            let bar = self.screen.add(ProgressBar::new(1).with_style(wheel));
            bar.set_prefix(format!("{}  {}", step.id, step.title));
            bar.enable_steady_tick(WHEEL_EVERY);
            bar
        });
        let Some(progress) = &step.progress else {
            return Ok(());
        };
        bar.set_style(style(BAR)?);
        bar.set_length(progress.total.max(progress.done).max(1));
        bar.set_position(progress.done);
        bar.set_message(step::progress(step, progress));
        Ok(())
    }
}

fn is_running(step: &StepStatus) -> bool {
    step.state == "running"
}

fn style(template: &str) -> Result<ProgressStyle, Failure> {
    let style = ProgressStyle::with_template(template)
        .map_err(|error| Failure::new("the progress cannot be shown", error))?;
    Ok(style.progress_chars("█▓░"))
}
