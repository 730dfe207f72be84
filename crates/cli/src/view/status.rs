//! Where an application stands, on one screen of 80 columns.

use super::{
    figures, instances, step, style,
    wrap::{self, Label},
};
use changeover::status::{Status, StepStatus};

/// The phases in the order in which they run.
const PHASES: [&str; 3] = ["expand", "online", "contract"];

/// The whole screen.
pub(crate) fn screen(status: &Status, columns: usize) -> String {
    let mut lines = vec![headline(status), term(status, columns)];
    lines.push(String::new());
    lines.push(style::paint(style::HEADING, "Instances"));
    lines.extend(instances::table(&status.instances, columns));
    lines.push(String::new());
    lines.extend(steps(status, columns));
    if status.parked_rows > 0 {
        lines.push(String::new());
        let label = Label {
            painted: style::paint(style::WARNING, "Parked rows: "),
            columns: 13,
            indent: 2,
        };
        let text = format!(
            "{}: their new value cannot be computed, and they hold the contract; mend them, they \
             are listed in changeover.parked_row",
            figures::count(status.parked_rows)
        );
        lines.push(wrap::behind(&label, &text, columns));
    }
    lines.join("\n")
}

/// Whether any step counts as failed.
pub(crate) fn has_failed(status: &Status) -> bool {
    status.steps.iter().any(|step| step.state == "failed")
}

fn headline(status: &Status) -> String {
    let head = status.head.map_or_else(|| "none".to_owned(), |head| head.to_string());
    format!(
        "{}  head {head}, floor {}, {}",
        style::paint(style::HEADING, &status.app),
        status.floor,
        figures::counted(
            usize::try_from(status.migrations).unwrap_or(usize::MAX),
            "migration",
            "migrations"
        ),
    )
}

fn term(status: &Status, columns: usize) -> String {
    let text = match &status.term {
        Some(term) if term.held => {
            let release = term.release.as_deref().unwrap_or("an unknown release");
            format!("term {} is held by release {release}: it migrates now", term.epoch)
        }
        Some(term) => format!("nobody migrates now (the last term was {})", term.epoch),
        None => "nobody migrates now".to_owned(),
    };
    wrap::cut(&text, columns)
}

fn steps(status: &Status, columns: usize) -> Vec<String> {
    if status.steps.is_empty() {
        return vec![style::paint(style::HEADING, "Steps"), "  none".to_owned()];
    }
    let done = status.steps.iter().filter(|step| step.state == "done").count();
    let total = status.steps.len();
    let heading = style::paint(style::HEADING, "Steps");
    let mut lines = vec![format!("{heading}  {done} of {total} done")];
    for phase in PHASES {
        let steps: Vec<&StepStatus> =
            status.steps.iter().filter(|step| step.phase == phase).collect();
        if !steps.is_empty() {
            lines.push(style::paint(style::FAINT, format!("  {phase}")));
        }
        for step in steps {
            lines.extend(one(step, status.floor, columns));
        }
    }
    lines
}

fn one(step: &StepStatus, floor: u64, columns: usize) -> Vec<String> {
    let right = right(step, floor);
    // Sign, spaces, and two of them before what stands on the right.
    let room = columns.saturating_sub(6 + right.chars().count());
    let left = wrap::cut(&format!("{}  {}", step.id, step.title), room);
    let gap = " ".repeat(room.saturating_sub(left.chars().count()) + 2);
    let mut lines = vec![format!("  {} {left}{gap}{right}", step::sign(step))];
    if step.state == "running"
        && let Some(progress) = &step.progress
    {
        let bar = style::paint(style::RUNNING, figures::bar(progress.share()));
        lines.push(format!("    {bar} {}", step::progress(step, progress)));
    }
    if let Some(error) = &step.error
        && step.state != "done"
    {
        let label = Label {
            painted: format!("      {} ", style::paint(style::ERROR, "error:")),
            columns: 13,
            indent: 8,
        };
        lines.push(wrap::behind(&label, error, columns));
    }
    lines
}

/// What stands at the right of a step's line.
fn right(step: &StepStatus, floor: u64) -> String {
    match (step.state.as_str(), step.floor) {
        ("done", _) => step::took(step).map(figures::time).unwrap_or_default(),
        ("running", _) if step.attempts > 1 => format!("running, try {}", step.attempts),
        ("failed", _) if step.attempts > 0 => {
            let tries = usize::try_from(step.attempts).unwrap_or(0);
            format!("failed after {}", figures::counted(tries, "try", "tries"))
        }
        ("pending", Some(needed)) if needed > floor => format!("waits for floor {needed}"),
        (state, _) => state.to_owned(),
    }
}
