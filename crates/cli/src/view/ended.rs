//! What `changeover migrate` says at its end: what was done, what waits and for what, what failed.

use super::{
    figures, style,
    wrap::{self, Label},
};
use crate::exit_code::ExitCode;
use changeover::Outlook;
use changeover::status::{Status, StepStatus};
use serde::Serialize;

/// How a run has ended.
#[derive(Debug, Serialize)]
pub(crate) struct Ended {
    app: String,
    /// The ledger's head.
    head: Option<u64>,
    floor: Option<u64>,
    /// Steps that are done now and were not before.
    done: Vec<String>,
    waiting: Vec<Waiting>,
    /// Who lives below the floor that could be raised otherwise.
    floor_blocked_by: Option<String>,
    failed: Vec<FailedStep>,
    /// The step after which it was to stop, and did.
    stopped_after: Option<String>,
    /// Whether the ledger says so, and not this run's own option.
    #[serde(skip)]
    stopped_by_ledger: bool,
    withheld: Vec<Withheld>,
    parked_rows: u64,
    /// A newer release has migrated this database.
    database_newer: bool,
    own_head: u64,
    exit_code: ExitCode,
}

/// A contract step that waits.
#[derive(Debug, Serialize)]
struct Waiting {
    step: String,
    title: Option<String>,
    floor: u64,
}

/// A step that operators hold back.
#[derive(Debug, Serialize)]
struct Withheld {
    step: String,
    why: String,
}

/// A step that was given up.
#[derive(Debug, Serialize)]
struct FailedStep {
    step: String,
    title: Option<String>,
    error: Option<String>,
}

impl Ended {
    /// Puts together what the engine says and what the ledger said before and after.
    pub(crate) fn new(
        app: String,
        own_head: u64,
        before: Option<&Status>,
        after: Option<&Status>,
        outlook: Outlook,
    ) -> Self {
        let steps = after.map_or(&[][..], |status| status.steps.as_slice());
        let was_done = |id: &str| {
            before.is_some_and(|status| {
                status.steps.iter().any(|step| step.id == id && is_done(step))
            })
        };
        let find = |id: &str| steps.iter().find(|step| step.id == id);
        let failed: Vec<FailedStep> = outlook
            .failed
            .iter()
            .map(|id| FailedStep {
                step: id.to_string(),
                title: find(id.as_str()).map(|step| step.title.clone()),
                error: find(id.as_str()).and_then(|step| step.error.clone()),
            })
            .collect();
        let floor = after.map(|status| status.floor);
        let exit_code = if !failed.is_empty() {
            ExitCode::Failed
        } else if floor.is_some_and(|floor| own_head < floor) {
            ExitCode::TooOld
        } else {
            ExitCode::Ok
        };
        Self {
            app,
            head: after.and_then(|status| status.head),
            floor,
            done: steps
                .iter()
                .filter(|step| is_done(step) && !was_done(&step.id))
                .map(|step| step.id.clone())
                .collect(),
            waiting: outlook
                .waiting_for_floor
                .iter()
                .map(|(id, floor)| Waiting {
                    step: id.to_string(),
                    title: find(id.as_str()).map(|step| step.title.clone()),
                    floor: *floor,
                })
                .collect(),
            floor_blocked_by: outlook.floor_blocked_by,
            failed,
            stopped_by_ledger: after.is_some_and(|status| status.control.stop_after.is_some()),
            stopped_after: outlook.stopped_after.map(|step| step.to_string()),
            withheld: outlook
                .withheld
                .into_iter()
                .map(|(step, why)| Withheld { step: step.to_string(), why })
                .collect(),
            parked_rows: after.map_or(0, |status| status.parked_rows),
            database_newer: outlook.database_newer,
            own_head,
            exit_code,
        }
    }

    /// How the program ends.
    pub(crate) fn exit_code(&self) -> ExitCode {
        self.exit_code
    }

    /// For people.
    pub(crate) fn text(&self, columns: usize) -> String {
        let mut lines = vec![self.headline()];
        if self.database_newer {
            lines.push(self.newer(columns));
        }
        if let Some(step) = &self.stopped_after {
            let next = if self.stopped_by_ledger {
                "`changeover stop --cancel` takes that back, and nothing begins before, here or in an \
                 instance of the service."
            } else {
                "`changeover migrate` goes on with the next; nothing else runs meanwhile, unless an \
                 instance of the service migrates."
            };
            let text = format!("Stopped after step {step}, as asked. {next}");
            lines.push(wrap::behind(&Label::plain(""), &text, columns));
        }
        for held in &self.withheld {
            let text = format!("Step {} waits: {}", held.step, held.why);
            lines.push(wrap::behind(&Label::plain(""), &text, columns));
        }
        lines.extend(self.waiting_lines(columns));
        lines.extend(self.failed_lines(columns));
        if self.parked_rows > 0 {
            let text = format!(
                "{} rows are parked: their new value cannot be computed. They are listed in \
                 changeover.parked_row; mend them, then start again.",
                figures::count(self.parked_rows)
            );
            lines.push(wrap::behind(&Label::plain(""), &text, columns));
        }
        lines.join("\n")
    }

    fn headline(&self) -> String {
        let done = figures::counted(self.done.len(), "step", "steps");
        let head = self.head.map_or_else(|| "none".to_owned(), |head| head.to_string());
        let text = if self.done.is_empty()
            && self.failed.is_empty()
            && !(self.waiting.is_empty() && self.withheld.is_empty())
        {
            format!("Nothing can be done yet: {} is at migration {head}.", self.app)
        } else if self.failed.is_empty() && self.done.is_empty() {
            format!("Nothing to do: {} is at migration {head}.", self.app)
        } else {
            format!("{done} done: {} is at migration {head}.", self.app)
        };
        let style = if self.failed.is_empty() { style::DONE } else { style::WARNING };
        style::paint(style, text)
    }

    fn newer(&self, columns: usize) -> String {
        let floor = self.floor.unwrap_or(0);
        let text = if self.own_head < floor {
            format!(
                "A newer release has been here, and the floor is {floor}: a release that knows \
                 migrations up to {} can no longer run on this database.",
                self.own_head
            )
        } else {
            format!(
                "A newer release has been here: this folder knows migrations up to {}. Its release \
                 may go on serving while the floor is {floor}.",
                self.own_head
            )
        };
        wrap::behind(&Label::plain(""), &text, columns)
    }

    fn waiting_lines(&self, columns: usize) -> Vec<String> {
        let Some(floor) = self.waiting.iter().map(|step| step.floor).max() else {
            return Vec::new();
        };
        let steps = figures::counted(self.waiting.len(), "step waits", "steps wait");
        let mut lines = vec![format!("{steps} for older releases to go:")];
        for step in &self.waiting {
            let title = step.title.as_deref().unwrap_or_default();
            let text = format!("  floor {}  {}  {title}", step.floor, step.step);
            lines.push(wrap::cut(&text, columns));
        }
        let what = match &self.floor_blocked_by {
            Some(who) => format!(
                "alive below: {who}. Once they are gone, run `changeover migrate` again; a running \
                 instance of the new release does it by itself."
            ),
            None => format!(
                "once no release below {floor} will come back: `changeover finalize --to {floor}`, \
                 then `changeover migrate`. Until then, going back is possible."
            ),
        };
        let label = Label {
            painted: format!("  {} ", style::paint(style::REMEDY, "what to do:")),
            columns: 14,
            indent: 4,
        };
        lines.push(wrap::behind(&label, &what, columns));
        lines
    }

    fn failed_lines(&self, columns: usize) -> Vec<String> {
        if self.failed.is_empty() {
            return Vec::new();
        }
        let steps = figures::counted(self.failed.len(), "step has", "steps have");
        let mut lines = vec![style::paint(style::ERROR, format!("{steps} failed:"))];
        for step in &self.failed {
            let label = Label {
                painted: format!("  {} {}  ", style::paint(style::ERROR, "✗"), step.step),
                columns: step.step.chars().count() + 6,
                indent: 6,
            };
            let error = step.error.as_deref().unwrap_or("no reason was recorded");
            let title = step.title.as_deref().unwrap_or_default();
            lines.push(wrap::behind(&label, &format!("{title}: {error}"), columns));
        }
        let label = Label {
            painted: format!("  {} ", style::paint(style::REMEDY, "what to do:")),
            columns: 14,
            indent: 4,
        };
        lines.push(wrap::behind(
            &label,
            "mend the cause, then run `changeover migrate` again: it goes on with these steps",
            columns,
        ));
        lines
    }
}

fn is_done(step: &StepStatus) -> bool {
    step.state == "done"
}
