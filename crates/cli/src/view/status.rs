//! Where an application stands, on one screen of 80 columns.

use super::{
    control, figures, instances, refused, step, style, workers,
    wrap::{self, Label},
};
use changeover::status::{Status, StepStatus};

/// The phases in the order in which they run.
const PHASES: [&str; 3] = ["expand", "online", "contract"];

/// The whole screen. Where it would be higher than `rows`, steps that are done are only counted.
pub(crate) fn screen(status: &Status, columns: usize, rows: Option<usize>) -> String {
    let whole = with_steps(status, columns, true);
    match rows {
        Some(rows) if whole.lines().count() > rows => with_steps(status, columns, false),
        _ => whole,
    }
}

fn with_steps(status: &Status, columns: usize, lists_done: bool) -> String {
    let mut lines = vec![headline(status), term(status, columns)];
    lines.extend(control::lines(status, columns));
    lines.push(String::new());
    lines.push(style::paint(style::HEADING, "Instances"));
    lines.extend(instances::table(&status.instances, columns));
    lines.push(String::new());
    lines.extend(steps(status, columns, lists_done));
    lines.extend(refused::lines(&status.refused, columns));
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
    if let Some(warning) = workers::warning(&status.workers, columns) {
        lines.push(String::new());
        lines.push(warning);
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

fn steps(status: &Status, columns: usize, lists_done: bool) -> Vec<String> {
    if status.steps.is_empty() {
        return vec![style::paint(style::HEADING, "Steps"), "  none".to_owned()];
    }
    let done = status.steps.iter().filter(|step| step.state == "done").count();
    let total = status.steps.len();
    let heading = style::paint(style::HEADING, "Steps");
    let mut lines = vec![format!("{heading}  {done} of {total} done")];
    for phase in PHASES {
        let is_shown =
            |step: &&StepStatus| step.phase == phase && (lists_done || step.state != "done");
        let steps: Vec<&StepStatus> = status.steps.iter().filter(is_shown).collect();
        if !steps.is_empty() {
            lines.push(style::paint(style::FAINT, format!("  {phase}")));
        }
        for step in steps {
            lines.extend(one(step, status, columns));
        }
    }
    lines
}

fn one(step: &StepStatus, status: &Status, columns: usize) -> Vec<String> {
    let right = right(step, status);
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
fn right(step: &StepStatus, status: &Status) -> String {
    let is_worked_at = status.term.as_ref().is_some_and(|term| term.held);
    if step.state != "done"
        && let Some(held) = control::held(step, &status.control)
    {
        return held;
    }
    match (step.state.as_str(), step.floor) {
        ("done", _) => step::took(step).map(figures::time).unwrap_or_default(),
        ("running", _) if !is_worked_at => "interrupted".to_owned(),
        ("running", _) if step.attempts > 1 => format!("running, try {}", step.attempts),
        ("failed", _) if step.attempts > 0 => {
            let tries = usize::try_from(step.attempts).unwrap_or(0);
            format!("failed after {}", figures::counted(tries, "try", "tries"))
        }
        ("pending", _) if step.waits_for().is_some() => {
            step.waits_for().map_or_else(String::new, |whom| format!("waits for {whom}"))
        }
        ("pending", Some(needed)) if needed > status.floor => format!("waits for floor {needed}"),
        (state, _) => state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two steps of an upgrade of a large table, in mid-backfill.
    fn status(is_held: bool) -> Status {
        let step = |id: &str, state: &str, progress: serde_json::Value| {
            json!({
                "id": id, "migration": 2, "title": "backfill orders.total", "kind": "backfill",
                "phase": "online", "state": state, "before_serving": false, "floor": null,
                "attempts": 1, "started_at": "2026-11-22T10:00:00Z",
                "finished_at": "2026-11-22T10:00:02Z", "error": null, "reason": null,
                "progress": progress,
            })
        };
        let progress = json!({
            "total": 20_000_000, "done": 8_600_000, "written": 8_000_000, "batches": 900,
            "seconds": 70.0,
        });
        serde_json::from_value(json!({
            "app": "shop", "head": 2, "floor": 1, "at": "2026-11-22T10:00:03Z",
            "term": { "epoch": 3, "holder": null, "release": "4.9", "held": is_held,
                      "expires_in_ms": null },
            "instances": [], "parked_rows": 3, "migrations": 2, "events": [],
            "steps": [step("0002.2.backfill", "running", progress),
                      step("0002.1.add", "done", json!(null))],
        }))
        .unwrap()
    }

    fn plain(status: &Status, rows: Option<usize>) -> String {
        let screen = anstream::adapter::strip_str(&screen(status, 80, rows)).to_string();
        assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
        screen
    }

    #[test]
    fn large_figures_fit_on_a_narrow_screen() {
        insta::assert_snapshot!(plain(&status(true), None), @r"
        shop  head 2, floor 1, 2 migrations
        term 3 is held by release 4.9: it migrates now

        Instances
          none registered

        Steps  1 of 2 done
          online
          ▶ 0002.2.backfill  backfill orders.total                               running
            ████░░░░░░  43 %  8,600,000 of 20,000,000 rows  122,857/s  1 min 33 s left
          ✓ 0002.1.add  backfill orders.total                                      2.0 s

        Parked rows: 3: their new value cannot be computed, and they hold the contract;
          mend them, they are listed in changeover.parked_row
        ");
    }

    #[test]
    fn what_nobody_works_at_is_not_called_running() {
        let screen = plain(&status(false), None);
        assert!(screen.contains("interrupted") && !screen.contains("running"), "{screen}");
    }

    #[test]
    fn on_a_low_screen_done_steps_are_only_counted() {
        let screen = plain(&status(true), Some(10));
        assert!(screen.contains("1 of 2 done") && !screen.contains("0002.1.add"), "{screen}");
        assert!(plain(&status(true), Some(50)).contains("0002.1.add"));
    }
}
